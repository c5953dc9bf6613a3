# Reference values for the ratios of evalkit.equality. Run once:  Rscript indicators.R   (in this folder)
# Writes indicators.csv (one row an output of a case) and versions.txt. The tests read the values and never call R.
#
# Mantel-Haenszel by mantelhaen.test (base) and rma.mh (metafor); Koopman's score interval by zRRscore (epiR); Wilson's
# limits by prop.test; the ratio of ratios by multinom (nnet), which knows nothing of reciprocals of counts. Share of a
# part over share of the whole: the score test is inverted with a numerical maximum of the likelihood under the ratio,
# not with a formula.

suppressMessages({library(metafor); library(epiR); library(nnet)})
options(warn = 1)
set.seed(20261122)

rows <- list()
text <- function(x) paste(ifelse(is.na(x), "NaN", sprintf("%.15g", x)), collapse = " ")
add <- function(what, case, args, level, outputs) {
  for (name in names(outputs)) rows[[length(rows) + 1]] <<- data.frame(
    what = what, case = case, arguments = paste(vapply(args, text, ""), collapse = "|"),
    level = text(level), output = name, value = text(outputs[[name]]))
}

# --- several two-by-two tables: events, people in the first and in the second group -----------------------------------
dept <- UCBAdmissions
strata <- list(
  berkeley = list(a = dept["Admitted", "Male", ], n = colSums(dept[, "Male", ]),
                  b = dept["Admitted", "Female", ], m = colSums(dept[, "Female", ])),
  sparse = list(a = c(0, 2, 1, 3), n = c(3, 5, 2, 7), b = c(1, 0, 2, 1), m = c(4, 3, 6, 5)),
  rare = list(a = c(3, 5, 1), n = c(900, 1200, 350), b = c(4, 2, 3), m = c(300, 250, 90)),
  pair = list(a = c(40, 12), n = c(60, 80), b = c(30, 20), m = c(70, 90)))
for (case in names(strata)) for (level in c(0.95, 0.8)) {
  s <- lapply(strata[[case]], as.numeric)
  table <- array(rbind(s$a, s$n - s$a, s$b, s$m - s$b), c(2, 2, length(s$a)))
  args <- list(s$a, s$n, s$b, s$m)
  test <- mantelhaen.test(table, conf.level = level)
  plain <- mantelhaen.test(table, correct = FALSE)
  se <- diff(log(test$conf.int)) / (2 * qnorm((1 + level) / 2))
  add("mantel_haenszel_odds_ratio", case, args, level,
      list(estimate = test$estimate, low = test$conf.int[1], high = test$conf.int[2], std_error = se))
  add("mantel_haenszel_test", case, args, level,
      list(statistic = test$statistic, df = test$parameter, p_value = test$p.value))
  add("mantel_haenszel_test_plain", case, args, level,
      list(statistic = plain$statistic, df = plain$parameter, p_value = plain$p.value))
  fit <- rma.mh(measure = "RR", ai = s$a, n1i = s$n, ci = s$b, n2i = s$m, level = 100 * level, drop00 = FALSE)
  add("mantel_haenszel_risk_ratio", case, args, level,
      list(estimate = exp(fit$beta), low = exp(fit$ci.lb), high = exp(fit$ci.ub), std_error = fit$se))
  odds <- rma.mh(measure = "OR", ai = s$a, n1i = s$n, ci = s$b, n2i = s$m, level = 100 * level)
  add("mantel_haenszel_odds_ratio", paste(case, "metafor"), args, level,
      list(estimate = exp(odds$beta), low = exp(odds$ci.lb), high = exp(odds$ci.ub), std_error = odds$se))
}

# --- one two-by-two table ---------------------------------------------------------------------------------------------
tables <- list(c(1198, 2691, 557, 1835), c(36, 40, 16, 80), c(4699, 10000, 1465, 10000), c(60, 200, 18, 90),
               c(5, 24, 9, 24), c(3, 1800, 6, 600), c(19, 20, 30, 60), c(2, 24, 1, 200))
for (i in seq_along(tables)) for (level in c(0.95, 0.8)) {
  x <- tables[[i]]
  # Nam's closed form of Koopman's limits. epi.2by2 hands the table to it transposed (in epiR 2.0.57), so it is called
  # itself, with the cells in the order in which it reads them.
  score <- as.list(unlist(epiR:::zRRscore(c(x[1], x[2] - x[1], x[3], x[4] - x[3]), level)))
  names(score) <- c("est", "lower", "upper")
  add("koopman", i, as.list(x), level, list(estimate = score$est, low = score$lower, high = score$upper))
  add("fisher_exact", i, as.list(x), level,
      list(p_value = fisher.test(matrix(c(x[1], x[3], x[2] - x[1], x[4] - x[3]), 2))$p.value))
  one <- prop.test(x[1], x[2], correct = FALSE, conf.level = level)$conf.int
  two <- prop.test(x[3], x[4], correct = FALSE, conf.level = level)$conf.int
  p <- x[1] / x[2]; q <- x[3] / x[4]
  add("wilson", i, as.list(x[1:2]), level, list(estimate = p, low = one[1], high = one[2]))
  add("newcombe", i, as.list(x), level, list(
    estimate = p - q, low = p - q - sqrt((p - one[1])^2 + (two[2] - q)^2),
    high = p - q + sqrt((one[2] - p)^2 + (q - two[1])^2)))
}

# --- a part of a whole: members and people in the part, members and people in the whole -------------------------------
parity <- function(x, level) {
  a <- x[1]; n <- x[2]; b <- x[3] - x[1]; m <- x[4] - x[2]
  chi <- function(theta) {  # the score test that p / ((n p + m q) / (n + m)) is theta, so q = p (N / theta - n) / m
    to_q <- ((n + m) / theta - n) / m
    top <- min(1, 1 / to_q)
    likelihood <- function(p) dbinom(a, n, p, log = TRUE) + dbinom(b, m, min(p * to_q, 1), log = TRUE)
    p <- optimize(likelihood, c(0, top), maximum = TRUE, tol = 1e-14)$maximum
    q <- p * to_q
    (a - n * p)^2 / (n * p * (1 - p)) + (b - m * q)^2 / (m * q * (1 - q)) - qchisq(level, 1)
  }
  point <- (a / n) / (x[3] / x[4]); most <- x[4] / x[2]
  list(estimate = point, low = uniroot(chi, c(point / 50, point), tol = 1e-13)$root,
       high = uniroot(chi, c(point, point + (most - point) * 0.9999), tol = 1e-13)$root)
}
for (x in list(c(10, 50, 300, 1000), c(40, 60, 200, 900), c(3, 24, 60, 200), c(90, 1000, 2240, 8000)))
  for (level in c(0.95, 0.8)) add("parity_to_whole", paste(x, collapse = "-"), as.list(x), level, parity(x, level))

# --- ratio of ratios: lower, middle and upper of the first and of the second group -----------------------------------
staff <- list(c(3000, 1500, 500, 1800, 600, 100), c(12, 6, 4, 14, 5, 3), c(200, 90, 30, 40, 9, 2))
for (i in seq_along(staff)) for (level in c(0.95, 0.8)) {
  x <- staff[[i]]
  made <- data.frame(cluster = factor(rep(1:3, 2)), group = factor(rep(c("first", "second"), each = 3),
                     levels = c("second", "first")), n = x)
  for (pair in list(c(1, 2), c(2, 3), c(1, 3))) {
    made$cluster <- relevel(made$cluster, ref = as.character(pair[1]))
    fit <- multinom(cluster ~ group, weights = n, data = made, trace = FALSE, reltol = 1e-15, abstol = 1e-15,
                    maxit = 2000)
    at <- as.character(pair[2])
    b <- coef(fit)[at, "groupfirst"]; se <- summary(fit)$standard.errors[at, "groupfirst"]
    z <- qnorm((1 + level) / 2)
    add("ratio_of_ratios", paste(i, pair[1], pair[2]), as.list(x[c(pair[2], pair[1], pair[2] + 3, pair[1] + 3)]), level,
        list(estimate = exp(b), low = exp(b - z * se), high = exp(b + z * se), std_error = se))
  }
}

write.csv(do.call(rbind, rows), "indicators.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("metafor", packageVersion("metafor")), paste("epiR", packageVersion("epiR")),
             paste("nnet", packageVersion("nnet")), paste("platform", R.version$platform)), "versions.txt")
