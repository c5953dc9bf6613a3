# Weights, balance and weighted survival by R: MatchIt (summary), glm, survival.
# Rscript weighting.R, in this folder; needs r-cran-matchit and r-cran-survival. Data: lalonde of MatchIt, and staff.csv
# beside this script, made by weighting.py.
library(MatchIt)
library(survival)
data("lalonde", package = "MatchIt")
form <- treat ~ age + educ + race + married + nodegree + re74 + re75
score <- fitted(glm(form, binomial, lalonde))
treated <- lalonde$treat
weights <- list(
  ATE = ifelse(treated == 1, 1 / score, 1 / (1 - score)),
  ATT = ifelse(treated == 1, 1, score / (1 - score)),
  overlap = ifelse(treated == 1, 1 - score, score)
)
rows <- list()
for (estimand in names(weights)) {
  w <- weights[[estimand]]
  # MatchIt's own summary of hand-made weights; it divides by the spread of the treated (ATT) or the pooled one.
  m <- matchit(form, lalonde, method = NULL, estimand = if (estimand == "ATT") "ATT" else "ATE")
  before <- summary(m)$sum.all
  spread <- function(x) {
    binary <- all(x %in% 0:1)
    v <- sapply(1:0, function(g) if (binary) mean(x[treated == g]) * (1 - mean(x[treated == g])) else var(x[treated == g]))
    sqrt(if (estimand == "ATT") v[1] else mean(v))
  }
  design <- cbind(distance = score, age = lalonde$age, educ = lalonde$educ,
    raceblack = lalonde$race == "black", racehispan = lalonde$race == "hispan", racewhite = lalonde$race == "white",
    married = lalonde$married, nodegree = lalonde$nodegree, re74 = lalonde$re74, re75 = lalonde$re75)
  for (name in colnames(design)) {
    x <- design[, name]
    mean_of <- function(g) weighted.mean(x[treated == g], w[treated == g])
    # cov.wt with "unbiased" divides by 1 - sum(w^2), as MatchIt and cobalt do
    var_of <- function(g) cov.wt(cbind(x[treated == g]), w[treated == g] / sum(w[treated == g]))$cov[1, 1]
    rows[[length(rows) + 1]] <- data.frame(estimand, term = name,
      smd_before = before[name, "Std. Mean Diff."], ratio_before = before[name, "Var. Ratio"],
      smd_after = (mean_of(1) - mean_of(0)) / spread(x),
      ratio_after = if (all(x %in% 0:1)) NA else var_of(1) / var_of(0))
  }
  for (g in 0:1) rows[[length(rows) + 1]] <- data.frame(estimand, term = paste0("effective", g), smd_before = NA,
    ratio_before = NA, smd_after = sum(w[treated == g])^2 / sum(w[treated == g]^2), ratio_after = NA)
}
write.csv(format(do.call(rbind, rows), digits = 12), "balance.csv", row.names = FALSE, quote = FALSE)

staff <- read.csv("staff.csv")
w <- staff$weight
out <- list()
for (robust in c("weights", "none")) {
  staff$w <- if (robust == "weights") w else 1
  fit <- survfit(Surv(start, stop, event) ~ mentored, staff, weights = w, robust = TRUE, id = id)
  s <- summary(fit, times = c(6, 12, 24))
  out[[robust]] <- data.frame(weights = robust, term = paste0("retention ", s$time), group = as.character(s$strata),
    estimate = s$surv, std_error = s$std.err)
  cox <- coxph(Surv(start, stop, event) ~ mentored, staff, weights = w, robust = TRUE, id = id)
  out[[paste0(robust, "c")]] <- data.frame(weights = robust, term = "log hazard ratio", group = "",
    estimate = coef(cox)[[1]], std_error = sqrt(cox$var[1, 1]))
}
write.csv(format(do.call(rbind, out), digits = 12), "survival.csv", row.names = FALSE, quote = FALSE)
version <- function(name) paste(name, packageVersion(name))
writeLines(c(R.version.string, sapply(c("MatchIt", "survival"), version)), "versions.txt")
