# Reference values for evalkit.change.comparison and evalkit.change.ordinal. Run once: Rscript comparison.R (here).
# Data: anorexia (MASS), wine (ordinal), and answers made below that are written to answers.csv.
suppressMessages({library(MASS); library(sandwich); library(clubSandwich); library(emmeans); library(ordinal)})
set.seed(20261121)
rows <- list()
put <- function(case, what, estimate, error, df, low = NA, high = NA) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, what = what, estimate = estimate, std_error = error, df = df,
                                          low90 = low, high90 = high)
}
# One line of a linear model, by the combination of its coefficients.
line <- function(case, what, fit, combination, V, df) {
  estimate <- sum(combination * coef(fit))
  error <- sqrt(c(t(combination) %*% V %*% combination))
  half <- qt(0.95, df) * error
  put(case, what, estimate, error, df, estimate - half, estimate + half)
}

# --- anorexia: three groups, reference Cont -------------------------------------------------------------------------
fit <- lm(Postwt ~ Treat + Prewt, data = transform(anorexia, Treat = relevel(Treat, "Cont")))
at <- mean(anorexia$Prewt)
combinations <- list(Cont = c(1, 0, 0, at), CBT = c(1, 1, 0, at), FT = c(1, 0, 1, at),
                     "CBT - Cont" = c(0, 1, 0, 0), "FT - Cont" = c(0, 0, 1, 0))
single <- factor(seq_len(nrow(anorexia)))
for (what in names(combinations)) {
  k <- combinations[[what]]
  line("anorexia HC3", what, fit, k, vcovHC(fit, "HC3"), fit$df.residual)
  line("anorexia classical", what, fit, k, vcov(fit), fit$df.residual)
  V <- vcovCR(fit, cluster = single, type = "CR2")
  df <- linear_contrast(fit, V, contrasts = matrix(k, 1), test = "Satterthwaite")$df
  line("anorexia HC2", what, fit, k, V, df)
}
# emmeans agrees on the adjusted means (weights play no part without factors beside the group)
means <- summary(emmeans(fit, "Treat"))
stopifnot(max(abs(means$emmean - sapply(combinations[1:3], function(k) sum(k * coef(fit))))) < 1e-10)

# --- anorexia: difference in change, each group against Cont, Welch -------------------------------------------------
change <- with(anorexia, split(Postwt - Prewt, Treat))
for (g in c("CBT", "FT")) {
  t <- t.test(change[[g]], change$Cont, conf.level = 0.9)
  put("anorexia change", paste(g, "- Cont"), unname(t$estimate[1] - t$estimate[2]), t$stderr, unname(t$parameter),
      t$conf.int[1], t$conf.int[2])
}
for (g in names(change)) {
  t <- t.test(change[[g]], conf.level = 0.9)
  put("anorexia change", g, unname(t$estimate), t$stderr, unname(t$parameter), t$conf.int[1], t$conf.int[2])
}

# --- answers in teams: group by team, a number and a category beside, teams of unequal size --------------------------
team <- rep(1:9, times = c(2, 3, 4, 5, 6, 7, 8, 3, 5))
n <- length(team)
group <- ifelse(team %in% c(1, 4, 6, 9), "mentored", "comparison")
grade <- sample(c("low", "middle", "senior"), n, TRUE)
age <- round(rnorm(n, 40, 9))
before <- round(pmin(5, pmax(1, rnorm(n, 3, 0.8) + rnorm(9, 0, 0.4)[team])), 2)
after <- round(0.5 * before + 1.4 + 0.4 * (group == "mentored") + 0.01 * age + rnorm(9, 0, 0.4)[team] + rnorm(n, 0, 0.6), 2)
likert <- pmin(5, pmax(1, round(0.9 * before + 0.8 + 0.6 * (group == "mentored") + rnorm(n, 0, 0.8))))
answers <- data.frame(team, group, grade, age, x_before = before, x_after = after, likert_after = likert)
write.csv(answers, "answers.csv", row.names = FALSE)
fit <- lm(x_after ~ group + x_before + age + grade, data = answers)
V <- vcovCR(fit, cluster = team, type = "CR2")
average <- colMeans(model.matrix(fit))
combinations <- list(comparison = replace(average, 2, 0), mentored = replace(average, 2, 1),
                     "mentored - comparison" = c(0, 1, 0, 0, 0, 0))
for (what in names(combinations)) {
  k <- combinations[[what]]
  df <- linear_contrast(fit, V, contrasts = matrix(k, 1), test = "Satterthwaite")$df
  line("teams CR2", what, fit, k, V, df)
  line("teams HC3", what, fit, k, vcovHC(fit, "HC3"), fit$df.residual)
}
fit <- lm(I(x_after - x_before) ~ group, data = answers)
V <- vcovCR(fit, cluster = team, type = "CR2")
for (what in c("comparison", "mentored", "mentored - comparison")) {
  k <- list(comparison = c(1, 0), mentored = c(1, 1), "mentored - comparison" = c(0, 1))[[what]]
  df <- linear_contrast(fit, V, contrasts = matrix(k, 1), test = "Satterthwaite")$df
  line("teams change", what, fit, k, V, df)
}

# --- proportional odds -----------------------------------------------------------------------------------------------
ordinal_rows <- list()
fit_polr <- polr(rating ~ temp + contact, data = wine, Hess = TRUE)
fit_clm <- clm(rating ~ temp + contact, data = wine)
stopifnot(max(abs(coef(fit_polr) - fit_clm$beta)) < 1e-4, abs(logLik(fit_polr) - logLik(fit_clm)) < 1e-6)
tight <- clm.control(gradTol = 1e-10)
add <- function(case, fit, term, nominal, free) {
  s <- summary(fit)$coefficients[term, ]
  p <- confint(fit, level = 0.95, type = "profile")[term, , drop = FALSE]
  q <- confint(fit, level = 0.9, type = "profile")[term, , drop = FALSE]
  ordinal_rows[[length(ordinal_rows) + 1]] <<- data.frame(
    case = case, term = term, estimate = s[1], std_error = s[2], loglik = c(logLik(fit)),
    low = p[1, 1], high = p[1, 2], low90 = q[1, 1], high90 = q[1, 2],
    lr = drop1(fit, test = "Chisq")[nominal, "LRT"], nominal = 2 * c(logLik(free) - logLik(fit)),
    nominal_df = free$edf - fit$edf)
}
fit <- clm(rating ~ temp + contact, data = wine, control = tight)
add("wine", fit, "tempwarm", "temp", clm(rating ~ contact, nominal = ~ temp, data = wine))
add("wine", fit, "contactyes", "contact", clm(rating ~ temp, nominal = ~ contact, data = wine))
answers$likert <- factor(answers$likert_after)
fit <- clm(likert ~ group + x_before, data = answers, control = tight)
add("answers", fit, "groupmentored", "group", clm(likert ~ x_before, nominal = ~ group, data = answers))
fit <- clm(likert ~ group + x_before + age + grade, data = answers, control = tight)
add("answers with covariates", fit, "groupmentored", "group",
    clm(likert ~ x_before + age + grade, nominal = ~ group, data = answers))
# The odds ratio at each cut of the answers, by binary logistic regression.
cuts <- list()
for (cut in sort(unique(answers$likert_after))[-1]) {
  b <- glm(likert_after >= cut ~ group + x_before, binomial, data = answers, epsilon = 1e-14, maxit = 100)
  cuts[[length(cuts) + 1]] <- data.frame(cut = cut, estimate = unname(coef(b)[2]), std_error = sqrt(vcov(b)[2, 2]))
}

digits <- function(d) { for (v in names(d)) if (is.numeric(d[[v]])) d[[v]] <- format(d[[v]], digits = 15, trim = TRUE); d }
write.csv(digits(do.call(rbind, rows)), "comparison.csv", row.names = FALSE)
write.csv(digits(do.call(rbind, ordinal_rows)), "ordinal.csv", row.names = FALSE)
write.csv(digits(do.call(rbind, cuts)), "cuts.csv", row.names = FALSE)
writeLines(c(R.version.string, sapply(c("MASS", "sandwich", "clubSandwich", "emmeans", "ordinal"),
                                      function(p) paste(p, packageVersion(p)))), "versions.txt")
