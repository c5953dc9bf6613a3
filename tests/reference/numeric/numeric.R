# Reference values for evalkit.numeric. Run once:  Rscript numeric.R   (in this folder)
# Writes numeric.csv (one row an output of a case) and versions.txt. The tests read the values and never call R.
#
# Nothing here shares a formula with evalkit where base R or survival has the method: prop.test, binom.test, fisher.test,
# chisq.test, t.test, glm, pt, survfit, survdiff. Newcombe's and Koopman's intervals and the sharp conditional odds ratio
# are not in base R and are written out below.

suppressMessages(library(survival))
set.seed(20240229)

rows <- list()
cases <- list()
text <- function(x) paste(ifelse(is.na(x), "NaN", sprintf("%.15g", x)), collapse = " ")

# args: list of numbers or vectors, in the order in which the Python function takes them
add <- function(fun, args, level, outputs) {
  cases[[fun]] <<- 1 + (if (is.null(cases[[fun]])) 0 else cases[[fun]])
  for (name in names(outputs)) {
    rows[[length(rows) + 1]] <<- data.frame(
      "function" = fun, case = cases[[fun]], arguments = paste(vapply(args, text, ""), collapse = "|"),
      level = if (is.na(level)) "" else text(level), output = name, value = text(outputs[[name]]), check.names = FALSE)
  }
}
quiet <- suppressWarnings
limits <- function(x) list(low = x[1], high = x[2])
root <- function(f, lower, upper) uniroot(f, c(lower, upper), extendInt = "yes", tol = 1e-15, maxiter = 10000)$root

# --- two-by-two tables: events and people in two groups -------------------------------------------------------------
awkward <- list(
  c(56, 70, 48, 80), c(9, 10, 3, 10), c(6, 7, 2, 7), c(5, 56, 0, 29), c(0, 10, 0, 20), c(0, 10, 0, 10),
  c(10, 10, 0, 20), c(10, 10, 0, 10), c(36, 40, 16, 80), c(0, 1, 1, 1), c(1, 1, 0, 1), c(1, 1, 1, 1), c(1, 2, 1, 2),
  c(1, 1, 3, 400), c(3, 3, 5000, 9000), c(1, 10000, 3, 7), c(20, 20, 20, 20), c(7, 7, 11, 12), c(0, 5, 12, 12),
  c(2, 1000, 1, 1000), c(999, 1000, 998, 1000), c(81, 263, 60, 250), c(5000, 100000, 4900, 100000))
random <- lapply(1:20, function(i) {
  n <- ceiling(exp(runif(1, 0, 8))); m <- ceiling(exp(runif(1, 0, 8)))
  p <- runif(1); q <- if (i %% 2) runif(1) else min(1, p * exp(rnorm(1, 0, 0.2)))
  c(rbinom(1, n, p), n, rbinom(1, m, q), m)
})
tables <- c(awkward, random)
levels <- rep(c(0.95, 0.9, 0.99, 0.8, 0.999), length.out = length(tables))
levels[1:9] <- 0.95  # the published examples

# --- one proportion -------------------------------------------------------------------------------------------------
wilson <- function(x, n, level) quiet(prop.test(x, n, correct = FALSE, conf.level = level)$conf.int)
single <- list(c(0, 1), c(1, 1), c(0, 1000000), c(1, 1000000), c(999999, 1000000), c(1000000, 1000000), c(1, 2))
single <- c(single, lapply(tables, function(x) x[1:2]))
for (i in seq_along(single)) {
  x <- single[[i]]; level <- c(0.95, 0.9, 0.99, 0.5)[1 + i %% 4]
  add("wilson", x, level, limits(wilson(x[1], x[2], level)))
  add("clopper_pearson", x, level, limits(binom.test(x[1], x[2], conf.level = level)$conf.int))
}

# --- Newcombe 1998, Stat Med 17:873, method 10, from the limits of prop.test ----------------------------------------
newcombe <- function(x, level) {
  one <- wilson(x[1], x[2], level); two <- wilson(x[3], x[4], level)
  p <- x[1] / x[2]; q <- x[3] / x[4]
  c(p - q - sqrt((p - one[1])^2 + (two[2] - q)^2), p - q + sqrt((one[2] - p)^2 + (q - two[1])^2))
}

# --- Koopman 1984: equation 2.3 in the form of a sum of two binomial chi-squareds at the constrained maximum ---------
koopman <- function(x, level) {
  a <- x[1]; n <- x[2]; b <- x[3]; m <- x[4]
  share <- function(seen, size, p) {
    spread <- size * p * (1 - p)
    if (spread < 1e-11) 0 else (seen - size * p)^2 / spread
  }
  excess <- function(log_ratio) {
    ratio <- exp(log_ratio)
    p <- (ratio * (n + b) + a + m - sqrt((ratio * (n + b) + a + m)^2 - 4 * ratio * (n + m) * (a + b))) / (2 * (n + m))
    share(a, n, p) + share(b, m, p / ratio) - qchisq(level, 1)
  }
  if (a == 0 && b == 0) return(c(0, Inf))
  point <- log(((a + (b == 0 || a == 0) / 2) / n) / ((b + (b == 0 || a == 0) / 2) / m))
  far <- function(direction) {
    inside <- point
    while (excess(inside) > 0) inside <- inside - direction
    outside <- inside + direction
    while (excess(outside) <= 0) outside <- outside + direction
    exp(root(excess, min(inside, outside), max(inside, outside)))
  }
  c(if (a == 0) 0 else far(-1), if (b == 0) Inf else far(1))
}

# --- the conditional odds ratio to full precision (fisher.test stops at 1.2e-4 of the ratio or of its inverse) -------
conditional <- function(x, level) {
  a <- x[1]; n <- x[2]; b <- x[3]; m <- x[4]; s <- a + b
  support <- max(0, s - m):min(n, s)
  log_weight <- dhyper(support, n, m, s, log = TRUE)
  law <- function(log_odds) {
    logs <- log_weight + log_odds * support
    p <- exp(logs - max(logs)); p / sum(p)
  }
  tail <- (1 - level) / 2
  solve <- function(f) exp(root(f, -2, 2))
  list(
    estimate = if (a == min(support)) 0 else if (a == max(support)) Inf else
      solve(function(t) sum(support * law(t)) - a),
    low = if (a == min(support)) 0 else solve(function(t) sum(law(t)[support >= a]) - tail),
    high = if (a == max(support)) Inf else solve(function(t) sum(law(t)[support <= a]) - tail))
}

for (i in seq_along(tables)) {
  x <- tables[[i]]; level <- levels[i]
  counts <- matrix(c(x[1], x[3], x[2] - x[1], x[4] - x[3]), 2)
  add("newcombe", x, level, limits(newcombe(x, level)))
  add("koopman", x, level, limits(koopman(x, level)))
  exact <- fisher.test(counts, conf.level = level)
  add("fisher_exact", x, NA, list(p_value = exact$p.value))
  if (all(colSums(counts) > 0)) {
    add("fisher_test_odds_ratio", x, level,
        list(estimate = exact$estimate, low = exact$conf.int[1], high = exact$conf.int[2]))
    add("conditional_odds_ratio", x, level, conditional(x, level))
    for (yates in c(FALSE, TRUE)) {
      test <- quiet(chisq.test(counts, correct = yates))
      add(if (yates) "chi_squared_yates" else "chi_squared", x, NA,
          list(statistic = test$statistic, df = test$parameter, p_value = test$p.value))
    }
  }
  if (all(counts > 0)) {
    # maximum likelihood by iteratively reweighted least squares: no formula of Woolf's in sight
    # (it says that it did not converge when the last digit goes to and fro: epsilon asks for more than there is)
    fit <- quiet(glm(counts ~ c(1, 0), family = binomial, control = list(epsilon = 1e-15, maxit = 50)))
    b <- coef(fit)[[2]]; se <- sqrt(vcov(fit)[2, 2]); z <- qnorm(1 - (1 - level) / 2)
    add("woolf", x, level, list(estimate = exp(b), std_error = se, low = exp(b - z * se), high = exp(b + z * se)))
  }
}

# --- means: t.test on vectors that have exactly these means and standard deviations ----------------------------------
vector_of <- function(mean, sd, n) if (n == 1) mean else {
  x <- rnorm(n); x <- x - mean(x); x <- x - mean(x)
  mean + x * sd / sqrt(sum(x^2) / (n - 1))
}
means <- list(
  c(3.41, 0.72, 24, 3.02, 0.81, 31), c(10, 2, 2, 9, 2, 2), c(0, 1, 2, 0, 5, 3), c(5.2, 0.1, 3, 5.1, 9, 400),
  c(5.2, 9, 3, 5.1, 0.1, 400), c(-2, 1.5, 1000, 2, 1.4, 12), c(100, 15, 50000, 99.8, 14, 40000), c(7, 0, 5, 6, 1, 6),
  c(1e-6, 1e-7, 10, 2e-6, 3e-7, 11), c(1e6, 3, 20, 1e6 + 1, 4, 22), c(4.1, 1.1, 7, 4.1, 1.1, 7))
means <- c(means, lapply(1:8, function(i) c(rnorm(1, 50, 10), runif(1, 0.1, 20), 1 + ceiling(exp(runif(1, 0, 6))),
                                           rnorm(1, 50, 10), runif(1, 0.1, 20), 1 + ceiling(exp(runif(1, 0, 6))))))
lonely <- list(c(7, NaN, 1, 6, 1, 6), c(7, 2, 9, 6, NaN, 1))  # a group of one: Student only
summaries <- function(x, equal, level) {
  test <- t.test(vector_of(x[1], x[2], x[3]), vector_of(x[4], x[5], x[6]), var.equal = equal, conf.level = level)
  list(std_error = test$stderr, df = test$parameter, statistic = test$statistic, p_value = test$p.value,
       low = test$conf.int[1], high = test$conf.int[2])
}
for (i in seq_along(means)) {
  level <- c(0.95, 0.9, 0.99)[1 + i %% 3]
  x <- signif(means[[i]], 12)
  add("student", x, level, summaries(x, TRUE, level))
  add("welch", x, level, summaries(x, FALSE, level))
}
for (x in lonely) add("student", x, 0.95, summaries(x, TRUE, 0.95))

# --- Hedges's factor: Beta((df - 1) / 2, 1 / 2) = gamma((df - 1) / 2) sqrt(pi) / gamma(df / 2) -------------------------
for (df in c(1.5, 2, 3, 4, 7, 10.25, 19, 38, 100, 171, 172, 343, 344, 1000, 12345, 1e6, 1e7, 1e9)) {
  add("hedges_factor", df, NA, list(factor = exp(log(pi) / 2 - lbeta((df - 1) / 2, 1 / 2) - log(df / 2) / 2)))
}

# --- limits of the non-centrality parameter; R's pt holds for |ncp| <= 37.62 and few df: noncentral_t.py has the rest --
noncentral <- list(
  c(0, 5), c(1e-6, 3), c(2, 1), c(-2, 1), c(12, 1), c(0.5, 2), c(2.3, 4), c(-4.0621, 9), c(5, 10), c(-1.96, 30),
  c(3.3, 53), c(8, 38), c(20, 60), c(-20, 60), c(25, 1000), c(30, 400), c(2, 4000), c(1.1, 17.5), c(-6.6, 120))
for (i in seq_along(noncentral)) {
  x <- noncentral[[i]]; level <- c(0.95, 0.9, 0.99)[1 + i %% 3]; tail <- (1 - level) / 2
  limit <- function(p) uniroot(function(ncp) pt(x[1], x[2], ncp) - p, c(max(-37.6, x[1] - 38), min(37.6, x[1] + 38)),
                               tol = 1e-13, maxiter = 10000)$root
  add("noncentral_t_interval", x, level, list(low = quiet(limit(1 - tail)), high = quiet(limit(tail))))
}

# --- life tables and the log-rank test: survfit and survdiff on one row a person -------------------------------------
people <- function(n, d) {  # those who neither left nor are at risk in the next period are censored in this one, after its events
  periods <- seq_along(n)
  left <- c(n[-1], 0)
  gone <- n - d - left
  stopifnot(all(gone >= 0))
  data.frame(time = c(rep(periods, d), rep(periods, gone)), event = rep(c(1, 0), c(sum(d), sum(gone))))
}
simulated <- function(size, periods, hazard, censoring) {
  n <- d <- integer(periods)
  for (j in seq_len(periods)) {
    n[j] <- size; d[j] <- rbinom(1, size, hazard)
    size <- size - d[j] - rbinom(1, size - d[j], censoring)
  }
  keep <- n > 0
  list(n[keep], d[keep])
}
lives <- list(
  list(c(239, 230, 222), c(9, 8, 18)), list(c(199, 171, 155), c(28, 16, 22)), list(1, 1), list(1, 0), list(5, 5),
  list(c(5, 3, 2), c(0, 0, 0)), list(c(5, 3, 2), c(2, 1, 2)), list(c(4, 3, 1), c(0, 2, 1)), list(c(100000, 60000), c(1, 2)),
  list(c(49, 37, 3), c(12, 0, 3)), list(c(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), rep(1, 10)),
  list(c(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), c(0, 1, 0, 0, 1, 0, 0, 0, 0, 1)))
lives <- c(lives, lapply(1:8, function(i) simulated(ceiling(exp(runif(1, 1, 7))), 24, runif(1, 0, 0.15), runif(1, 0, 0.1))))
for (i in seq_along(lives)) {
  x <- lives[[i]]; level <- if (i < 3) 0.95 else c(0.95, 0.9, 0.99)[1 + i %% 3]
  fit <- survfit(Surv(time, event) ~ 1, people(x[[1]], x[[2]]), conf.type = "log-log", conf.int = level)
  at <- summary(fit, times = seq_along(x[[1]]), extend = TRUE)
  add("life_table", x, level, list(survival = at$surv, std_error = at$std.err, low = at$lower, high = at$upper))
}

pairs <- list(
  c(list(c(239, 230, 222), c(9, 8, 18)), list(c(199, 171, 155), c(28, 16, 22))),
  list(1, 1, c(1, 1), c(0, 1)), list(c(5, 3), c(2, 3), c(4, 1), c(3, 0)), list(3, 3, c(5, 4, 2), c(1, 2, 2)),
  list(c(2, 1), c(1, 1), c(2000, 1990, 1980), c(10, 9, 8)), list(c(100000, 99000), c(300, 250), c(40, 30), c(2, 3)),
  list(c(6, 5, 5), c(0, 0, 0), c(6, 5, 3), c(1, 2, 3)))
pairs <- c(pairs, lapply(1:9, function(i) c(
  simulated(ceiling(exp(runif(1, 0.5, 7))), 24, runif(1, 0.01, 0.15), runif(1, 0, 0.1)),
  simulated(ceiling(exp(runif(1, 0.5, 7))), 24, runif(1, 0.01, 0.15), runif(1, 0, 0.1)))))
for (x in pairs) {
  one <- people(x[[1]], x[[2]]); two <- people(x[[3]], x[[4]])
  both <- rbind(cbind(one, group = 1), cbind(two, group = 2))
  test <- survdiff(Surv(time, event) ~ group, both)
  periods <- max(length(x[[1]]), length(x[[3]]))
  padded <- lapply(x, function(v) c(v, rep(0, periods - length(v))))
  add("logrank", padded, NA, list(statistic = test$chisq, p_value = pchisq(test$chisq, 1, lower.tail = FALSE)))
}

write.csv(do.call(rbind, rows), "numeric.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("survival", packageVersion("survival")), paste("platform", R.version$platform)),
           "versions.txt")
