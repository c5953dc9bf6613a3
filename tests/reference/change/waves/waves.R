# Reference values for evalkit.change.several_waves. Run once: Rscript waves.R (here).
# Data: sleepstudy (lme4), and answers made below (24 people, four waves, some lost) that are written to answers.csv.
suppressMessages({library(nlme); library(lme4); library(lmerTest); library(pbkrtest)})
set.seed(20261121)
rows <- list()
put <- function(case, what, estimate, error = NA, df = NA, low90 = NA, high90 = NA) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, what = what, estimate = estimate, std_error = error, df = df,
                                          low90 = low90, high90 = high90)
}
n <- 24; k <- 4
S <- 0.5 * outer(1:4, 1:4, function(i, j) sqrt(c(1, 1.3, 1.6, 2)[i] * c(1, 1.3, 1.6, 2)[j]) * 0.7^abs(i - j))
y <- matrix(rnorm(n * k), n) %*% chol(S) + matrix(c(3, 3.4, 3.9, 3.7), n, k, byrow = TRUE)
y <- round(y, 2)
colnames(y) <- c("x_s1", "x_s2", "x_s3", "x_later")
z <- y
z[y[, 2] > 4, 4] <- NA; z[c(3, 9), 3] <- NA; z[5, 2:4] <- NA; z[11, 1] <- NA
write.csv(data.frame(z, y_s1 = y[, 1], y_s2 = y[, 2], y_s3 = y[, 3], y_later = y[, 4]), "answers.csv", row.names = FALSE, na = "")
long <- data.frame(person = factor(rep(1:n, k)), wave = factor(rep(1:k, each = n)), value = c(z))
long <- long[!is.na(long$value), ]

# --- unstructured, incomplete: nlme::gls gives points and model errors; no Kenward-Roger there -----------------------
fit <- gls(value ~ wave - 1, long, correlation = corSymm(form = ~ as.integer(wave) | person),
           weights = varIdent(form = ~ 1 | wave), control = glsControl(tolerance = 1e-10, msTol = 1e-12, opt = "optim", maxIter = 500, msMaxIter = 500))
for (i in 1:4) put("unstructured", paste("mean", i), coef(fit)[i], sqrt(vcov(fit)[i, i]))
for (i in 2:4) { v <- replace(numeric(4), c(1, i), c(-1, 1))
  put("unstructured", paste("change", i), sum(v * coef(fit)), sqrt(c(v %*% vcov(fit) %*% v))) }
put("unstructured", "criterion", -2 * c(logLik(fit)))
put("unstructured", "criterion of random intercept", -2 * c(logLik(lmer(value ~ wave - 1 + (1 | person), long))))

# --- random intercept, incomplete: lme4 with the Kenward-Roger errors and degrees of freedom of pbkrtest --------------
fit <- lmer(value ~ wave - 1 + (1 | person), long, control = lmerControl(optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-12)))
V <- as.matrix(vcovAdj(fit))
kr <- function(fit, v, V, case, what) {
  estimate <- sum(v * fixef(fit)); error <- sqrt(c(v %*% V %*% v))
  df <- KRmodcomp(fit, matrix(v, 1))$test["Ftest", "ddf"]
  half <- qt(0.95, df) * error
  put(case, what, estimate, error, df, estimate - half, estimate + half)
}
for (i in 1:4) kr(fit, replace(numeric(4), i, 1), V, "random_intercept", paste("mean", i))
for (i in 2:4) kr(fit, replace(numeric(4), c(1, i), c(-1, 1)), V, "random_intercept", paste("change", i))

# --- complete: paired t; Greenhouse-Geisser by anova.mlm; the ratio by Fieller's theorem written out ------------------
for (i in 2:4) { t <- t.test(y[, i], y[, 1], paired = TRUE, conf.level = 0.9)
  put("complete", paste("change", i), unname(t$estimate), t$stderr, unname(t$parameter), t$conf.int[1], t$conf.int[2]) }
fit <- lm(y ~ 1)
a <- anova(fit, X = ~ 1, test = "Spherical")
put("anova", "F", a[1, "F"]); put("anova", "p", a[1, "G-G Pr"]); put("anova", "epsilon", attr(a, "heading") |> (\(h) {
  as.numeric(sub(".*Greenhouse-Geisser epsilon: *", "", grep("Greenhouse", h, value = TRUE))) })())
C <- cbind(c(-1, 0, 0, 1), c(-1, 0, 1, 0))
est <- colMeans(y %*% C); W <- cov(y %*% C) / n
for (level in c(0.95, 0.9)) {
  # The limits are the ratios r at which a paired t test of (top - r bottom) is just significant.
  p <- function(r) t.test(y %*% C %*% c(1, -r))$p.value - (1 - level)
  r <- est[1] / est[2]
  low <- uniroot(p, c(r - 3, r), tol = 1e-12)$root; high <- uniroot(p, c(r, r + 3), tol = 1e-12)$root
  put("kept", as.character(level), r, NA, n - 1, low, high)
}

# --- sleepstudy ------------------------------------------------------------------------------------------------------
fit <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
V <- as.matrix(vcovAdj(fit))
kr(fit, c(1, 0), V, "sleepstudy", "mean at time zero")
kr(fit, c(0, 1), V, "sleepstudy", "mean change per unit of time")
vc <- as.data.frame(VarCorr(fit))
put("sleepstudy", "standard deviation of the people at time zero", vc$sdcor[1])
put("sleepstudy", "standard deviation of the slopes of the people", vc$sdcor[2])
put("sleepstudy", "standard deviation about each person's line", vc$sdcor[4])
put("sleepstudy", "REML criterion", REMLcrit(fit))
# with a sixth of the measurements gone
part <- sleepstudy[(seq_len(nrow(sleepstudy)) * 5) %% 6 != 0, ]
fit <- lmer(Reaction ~ Days + (Days | Subject), part, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
V <- as.matrix(vcovAdj(fit))
kr(fit, c(1, 0), V, "sleepstudy in part", "mean at time zero")
kr(fit, c(0, 1), V, "sleepstudy in part", "mean change per unit of time")

out <- do.call(rbind, rows)
for (v in names(out)) if (is.numeric(out[[v]])) out[[v]] <- format(out[[v]], digits = 15, trim = TRUE)
write.csv(out, "waves.csv", row.names = FALSE)
writeLines(c(R.version.string, sapply(c("nlme", "lme4", "lmerTest", "pbkrtest"), function(p) paste(p, packageVersion(p)))), "versions.txt")
