# Reference values for evalkit.attrition: run with Rscript attrition.R in this folder, after attrition.py.
# mice draws at random: its values are means over many imputations, with their Monte Carlo errors beside them.
suppressMessages({library(mice); library(survey); library(sandwich); library(clubSandwich)})
d <- read.csv("answers.csv", stringsAsFactors = TRUE)
d$answered <- as.numeric(!is.na(d$skill_after))
d$change <- d$skill_after - d$skill_before
out <- list()
put <- function(name, value) out[[length(out) + 1]] <<- data.frame(name = name, value = as.numeric(value))

# Standardised differences, lost less kept: noncentral t limits from pt; shares by Austin 2009.
limits <- function(t, df, level) {
  tail <- (1 - level) / 2
  f <- function(p) uniroot(function(ncp) pt(t, df, ncp) - p, t + c(-8, 8), tol = 1e-12)$root
  c(f(1 - tail), f(tail))
}
for (name in c("skill_before", "age")) {
  x <- d[[name]][d$answered == 0]; y <- d[[name]][d$answered == 1]
  s <- sqrt(((length(x) - 1) * var(x) + (length(y) - 1) * var(y)) / (length(x) + length(y) - 2))
  k <- sqrt(1 / length(x) + 1 / length(y))
  v <- (mean(x) - mean(y)) / s
  put(paste0(name, ".estimate"), v)
  for (level in c(0.95, 0.8)) {
    l <- limits(v / k, length(x) + length(y) - 2, level) * k
    put(paste0(name, ".low.", level), l[1]); put(paste0(name, ".high.", level), l[2])
  }
}
p <- mean(d$site[d$answered == 0] == "south"); q <- mean(d$site[d$answered == 1] == "south")
put("south.estimate", (p - q) / sqrt((p * (1 - p) + q * (1 - q)) / 2))

# Weights: the weighted mean, and its stacked sandwich by numerical derivatives of the estimating equations.
fit <- glm(answered ~ skill_before + age + site, binomial, d, control = list(epsilon = 1e-14, maxit = 100))
x <- model.matrix(fit)
r <- d$answered; y <- ifelse(r == 1, d$change, 0)
equations <- function(theta) {
  e <- plogis(drop(x %*% theta[-1]))
  cbind(r / e * (y - theta[1]), (r - e) * x)
}
w <- r / fitted(fit)
mu <- sum(w * y) / sum(w)
theta <- c(mu, coef(fit))
psi <- equations(theta)
bread <- sapply(seq_along(theta), function(j) {
  h <- 1e-5; up <- theta; down <- theta; up[j] <- up[j] + h; down[j] <- down[j] - h
  (colSums(equations(up)) - colSums(equations(down))) / (2 * h)
})
v <- solve(bread) %*% crossprod(psi) %*% t(solve(bread))
k <- sum(r); p <- ncol(x)
put("weights.estimate", mu)
put("weights.std_error", sqrt(v[1, 1] * k / (k - p)))
put("weights.n_effective", sum(w)^2 / sum(w^2))
put("weights.largest", max(w) / mean(w[r == 1]))
# A second way to the point: the weighted mean of the survey package.
des <- svydesign(~1, weights = w[r == 1], data = d[r == 1, ])
put("weights.estimate.survey", coef(svymean(~change, des)))
# ... and to the error: the two-phase estimator for a logistic model of non-response, calibrated, is not the same
# estimator; without the model the sandwich is that of survey.
v0 <- sum((w * (y - mu))^2) / sum(w)^2 * k / (k - 1)
put("weights.fixed.std_error", sqrt(v0)); put("weights.fixed.survey", SE(svymean(~change, des)))

# Complete cases
t <- t.test(d$change)
put("complete.estimate", t$estimate); put("complete.low", t$conf.int[1]); put("complete.high", t$conf.int[2])
put("complete.p", t$p.value); put("complete.std_error", t$stderr)

# Rubin's rules and Barnard-Rubin degrees of freedom, on given numbers: exact.
points <- c(0.31, 0.42, 0.28, 0.39, 0.35); variances <- c(0.010, 0.012, 0.009, 0.011, 0.013)
for (n in c(24, 200, Inf)) {
  p <- pool.scalar(points, variances, n = n, k = 1)
  put(paste0("pool.", n, ".estimate"), p$qbar); put(paste0("pool.", n, ".std_error"), sqrt(p$t))
  put(paste0("pool.", n, ".df"), p$df)
  put(paste0("pool.", n, ".lambda"), (1 + 1 / 5) * p$b / p$t)
}

# Many imputations from the normal model, with drawn parameters: mean change, pooled error, lambda.
pooled <- function(data, m, seed, maxit) {
  made <- mice(data, m = m, method = "norm", maxit = maxit, seed = seed, printFlag = FALSE, ridge = 0)
  changes <- sapply(1:m, function(i) { z <- complete(made, i); z$skill_after - z$skill_before })
  n <- nrow(data)
  q <- colMeans(changes); u <- apply(changes, 2, var) / n
  c(mean(q), mean(u), var(q))
}
full <- d[, c("skill_before", "skill_after", "age", "site")]
many <- pooled(full, 500, 1, 1)
put("mice.estimate", many[1]); put("mice.within", many[2]); put("mice.between", many[3])
holes <- full; holes$age[seq(3, 60, 7)] <- NA
holes$site <- NULL
chained <- pooled(holes, 500, 2, 5)
put("chained.estimate", chained[1]); put("chained.within", chained[2]); put("chained.between", chained[3])

# Slope of change against dose with HC2 error (sandwich) and Satterthwaite degrees of freedom (clubSandwich, each
# person a cluster).
complete <- d[!is.na(d$change), ]
model <- lm(change ~ meetings, complete)
put("dose.slope", coef(model)[2]); put("dose.std_error", sqrt(vcovHC(model, "HC2")[2, 2]))
tested <- coef_test(model, "CR2", cluster = seq_len(nrow(complete)), test = "Satterthwaite")
put("dose.df", tested[2, if ("df_Satt" %in% names(tested)) "df_Satt" else "df"])
put("dose.std_error.clubSandwich", tested[2, "SE"])
write.csv(do.call(rbind, out), "attrition.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("mice", packageVersion("mice")), paste("survey", packageVersion("survey")),
             paste("sandwich", packageVersion("sandwich")), paste("clubSandwich", packageVersion("clubSandwich"))), "versions.txt")
