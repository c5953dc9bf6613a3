# Reference values for evalkit.change.dyads. Run once: Rscript dyads.R (here).
# Data: 24 pairs made below and written to answers.csv; the first 6 of them are the small case.
suppressMessages({library(nlme); library(psych)})
set.seed(20261121)
n <- 24
pair <- rnorm(n, 0, 0.5)
mentee_before <- round(3 + pair + rnorm(n, 0, 0.7), 2)
mentor_before <- round(3.4 + pair + rnorm(n, 0, 0.5), 2)
shared <- rnorm(n, 0, 0.3)
mentee_after <- round(1.5 + 0.5 * mentee_before + 0.2 * mentor_before + shared + rnorm(n, 0, 0.5), 2)
mentor_after <- round(1.2 + 0.6 * mentor_before + 0.1 * mentee_before + shared + rnorm(n, 0, 0.4), 2)
all <- data.frame(mentee_before, mentor_before, mentee_after, mentor_after)
write.csv(all, "answers.csv", row.names = FALSE)
rows <- list()
put <- function(case, quantity, group, estimate, error = NA, df = NA, p = NA, low90 = NA, high90 = NA)
  rows[[length(rows) + 1]] <<- data.frame(case = case, quantity = quantity, group = group, estimate = unname(estimate),
    std_error = unname(error), df = unname(df), p_value = unname(p), low90 = unname(low90), high90 = unname(high90))
for (case in c("roles 24", "roles 6")) {
  d <- head(all, if (case == "roles 6") 6 else 24)
  n <- nrow(d)
  for (g in c("mentee", "mentor")) { t <- t.test(d[[paste0(g, "_after")]], d[[paste0(g, "_before")]], paired = TRUE, conf.level = 0.9)
    put(case, "mean change", g, t$estimate, t$stderr, t$parameter, t$p.value, t$conf.int[1], t$conf.int[2]) }
  gap <- with(d, (mentor_after - mentor_before) - (mentee_after - mentee_before))
  t <- t.test(gap, conf.level = 0.9)
  put(case, "difference in mean change", "mentor - mentee", t$estimate, t$stderr, t$parameter, t$p.value, t$conf.int[1], t$conf.int[2])
  # actor and partner effects by lm, equation by equation; their differences by generalised least squares
  a <- lm(mentee_after ~ mentee_before + mentor_before, d); b <- lm(mentor_after ~ mentee_before + mentor_before, d)
  line <- function(quantity, group, fit, term) { s <- summary(fit)$coefficients[term, ]; q <- confint(fit, level = 0.9)[term, ]
    put(case, quantity, group, s[1], s[2], fit$df.residual, s[4], q[1], q[2]) }
  line("actor effect", "mentee", a, 2); line("actor effect", "mentor", b, 3)
  line("partner effect", "mentee", a, 3); line("partner effect", "mentor", b, 2)
  if (case == "roles 24") {
    long <- data.frame(pair = factor(rep(1:n, 2)), role = factor(rep(1:2, each = n)), after = c(d$mentee_after, d$mentor_after),
                       own = c(d$mentee_before, d$mentor_before), other = c(d$mentor_before, d$mentee_before))
    fit <- gls(after ~ role + role:own + role:other - 1, long, correlation = corSymm(form = ~ as.integer(role) | pair),
               weights = varIdent(form = ~ 1 | role), control = glsControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 500, opt = "optim"))
    V <- vcov(fit); k <- coef(fit)
    put(case, "gls actor difference", "mentor - mentee", k["role2:own"] - k["role1:own"],
        sqrt(V["role2:own", "role2:own"] + V["role1:own", "role1:own"] - 2 * V["role2:own", "role1:own"]))
    put(case, "gls partner difference", "mentor - mentee", k["role2:other"] - k["role1:other"],
        sqrt(V["role2:other", "role2:other"] + V["role1:other", "role1:other"] - 2 * V["role2:other", "role1:other"]))
    fit <- gls(after ~ own + other, long, correlation = corCompSymm(form = ~ 1 | pair), control = glsControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 500))
    put(case, "gls actor", "both", coef(fit)[2], sqrt(vcov(fit)[2, 2])); put(case, "gls partner", "both", coef(fit)[3], sqrt(vcov(fit)[3, 3]))
  }
  for (g in c("before", "after", "change")) {
    m <- if (g == "change") cbind(d$mentee_after - d$mentee_before, d$mentor_after - d$mentor_before) else d[, paste0(c("mentee_", "mentor_"), g)]
    r <- ICC(m, alpha = 0.1, lmer = FALSE)$results
    for (type in c("ICC1", "ICC3")) { q <- r[r$type == type, ]; low <- unlist(q[["lower bound"]]); high <- unlist(q[["upper bound"]])
      put(case, type, g, q$ICC, q$F, q$df1, q$p, low, high) }
  }
  # Wilks: do the differences depend on a constant and the sums?
  u <- with(d, cbind(mentee_before + mentor_before, mentee_after + mentor_after)); v <- with(d, cbind(mentee_before - mentor_before, mentee_after - mentor_after))
  w <- data.frame(u1 = u[, 1], u2 = u[, 2])
  test <- anova(lm(v ~ u1 + u2, w), lm(v ~ 0, w), test = "Wilks")
  put(case, "wilks", "both", test[2, "approx F"], NA, test[2, "num Df"], test[2, "Pr(>F)"], test[2, "den Df"])
  # Limits of agreement: the value of the limit at which the noncentral t of the mean is just at its tail.
  g <- d$mentor_after - d$mentee_after; z <- qnorm(0.975)
  upper <- function(tail) uniroot(function(L) pt((mean(g) - L) / (sd(g) / sqrt(n)), n - 1, -z * sqrt(n)) - tail, mean(g) + c(0, 12) * sd(g), tol = 1e-12)$root
  put(case, "upper limit", "mentor - mentee", mean(g) + z * sd(g), NA, NA, NA, upper(0.95), upper(0.05))
}
out <- do.call(rbind, rows)
for (v in names(out)) if (is.numeric(out[[v]])) out[[v]] <- format(out[[v]], digits = 15, trim = TRUE)
write.csv(out, "dyads.csv", row.names = FALSE)
writeLines(c(R.version.string, sapply(c("nlme", "psych"), function(p) paste(p, packageVersion(p)))), "versions.txt")
