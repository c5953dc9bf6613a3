# Values for test_published_summaries.py, beside this file: Rscript summaries.R
# Base R only (stats); effectsize for the noncentral-t limits as a second opinion, compared here.
options(digits = 17)
rows <- list()
put <- function(fun, case, arguments, level, term, ...) {
  values <- list(...)
  for (column in names(values)) {
    rows[[length(rows) + 1]] <<- data.frame(
      `function` = fun, case = case, arguments = paste(format(arguments, digits = 17, trim = TRUE), collapse = "|"),
      level = level, term = term, column = column, value = format(as.numeric(values[[column]]), digits = 17),
      check.names = FALSE
    )
  }
}
ncp_limits <- function(t, df, level) {
  tail <- (1 - level) / 2
  root <- function(p) uniroot(function(d) suppressWarnings(pt(t, df, d)) - p, c(t - 20, t + 20), tol = 1e-13, extendInt = "downX")$root
  c(root(1 - tail), root(tail))
}

# Two groups -----------------------------------------------------------------------------------------------------------
groups <- list(
  c(6.07, 1.36, 319, 5.33, 1.35, 145), # feldman2010
  c(3.7, 1.7, 382, 2.5, 2.0, 229),     # morrison2014
  c(2, 1, 2, 1, 1, 2),
  c(5, 0.5, 12, 5.2, 3, 40),
  c(-1.5, 2.2, 9, 3.1, 0.7, 6)
)
for (level in c(0.95, 0.8)) for (i in seq_along(groups)) {
  g <- groups[[i]]; m <- g[1] - g[4]; s1 <- g[2]; n1 <- g[3]; s2 <- g[5]; n2 <- g[6]
  df <- n1 + n2 - 2
  pooled <- sqrt(((n1 - 1) * s1^2 + (n2 - 1) * s2^2) / df)
  per_t <- sqrt(1 / n1 + 1 / n2)
  t <- m / (pooled * per_t); tail <- (1 - level) / 2
  half <- qt(tail, df, lower.tail = FALSE) * pooled * per_t
  put("difference_from_summary", i, g, level, "mean_difference_student", estimate = m, std_error = pooled * per_t,
      statistic = t, df = df, p_value = 2 * pt(-abs(t), df), conf_low = m - half, conf_high = m + half)
  v1 <- s1^2 / n1; v2 <- s2^2 / n2; se <- sqrt(v1 + v2); dfw <- (v1 + v2)^2 / (v1^2 / (n1 - 1) + v2^2 / (n2 - 1))
  half <- qt(tail, dfw, lower.tail = FALSE) * se
  put("difference_from_summary", i, g, level, "mean_difference_welch", estimate = m, std_error = se,
      statistic = m / se, df = dfw, p_value = 2 * pt(-abs(m / se), dfw), conf_low = m - half, conf_high = m + half)
  limits <- ncp_limits(t, df, level) * per_t
  put("difference_from_summary", i, g, level, "cohens_d", estimate = m / pooled, conf_low = limits[1], conf_high = limits[2])
  j <- exp(lgamma(df / 2) - log(sqrt(df / 2)) - lgamma((df - 1) / 2))
  put("difference_from_summary", i, g, level, "hedges_g", estimate = j * m / pooled, conf_low = j * limits[1],
      conf_high = j * limits[2])
  if (requireNamespace("effectsize", quietly = TRUE)) {
    # effectsize's limits are good to about five digits (optim): a check on the definition, not on the digits.
    other <- effectsize::t_to_d(t, df, ci = level)  # equal groups: the noncentrality itself, over a known factor
    stopifnot(max(abs(c(other$CI_low, other$CI_high) * sqrt(df) / 2 / (limits / per_t) - 1)) < 1e-3 || n1 + n2 < 5)
  }
}

# One group, before and after ------------------------------------------------------------------------------------------
changes <- list(
  c(4.75, 1.38, 5.71, 0.91, 19), # ajtmh2023's means; n is made up
  c(3.16, 0.523, 3.55, 0.506, 31),
  c(10, 2, 7, 3, 8),
  c(2.5, 1, 2.5, 1, 12)
)
for (level in c(0.95, 0.9)) for (i in seq_along(changes)) {
  x <- changes[[i]]; change <- x[3] - x[1]; n <- x[5]
  one <- function(kind, value, r) {
    s <- sqrt(x[2]^2 + x[4]^2 - 2 * r * x[2] * x[4]); se <- s / sqrt(n); t <- change / se
    half <- qt((1 - level) / 2, n - 1, lower.tail = FALSE) * se
    id <- paste(i, kind, value, sep = "-")
    put("change_from_summary", id, x, level, "change", estimate = change, std_error = se, statistic = t, df = n - 1,
        p_value = 2 * pt(-abs(t), n - 1), conf_low = change - half, conf_high = change + half)
    put("change_from_summary", id, x, level, "percent_change", estimate = 100 * change / x[1])
    put("change_from_summary", id, x, level, "d_av", estimate = change / ((x[2] + x[4]) / 2))
    put("change_from_summary", id, x, level, "correlation", estimate = r)
    limits <- ncp_limits(t, n - 1, level) / sqrt(n)
    put("change_from_summary", id, x, level, "d_z", estimate = change / s, conf_low = limits[1], conf_high = limits[2])
  }
  for (r in c(-0.3, 0, 0.5, 0.9)) one("r", r, r)
  for (t in c(2.5, 4)) {
    r <- (x[2]^2 + x[4]^2 - (change * sqrt(n) / t)^2) / (2 * x[2] * x[4])
    if (change != 0 && abs(r) <= 1) {
      one("t", t, r)
      one("p", 2 * pt(-t, n - 1), r)
    }
  }
  for (at in c(-1, 0, 1)) {
    s <- sqrt(x[2]^2 + x[4]^2 - 2 * at * x[2] * x[4])
    if (s > 0) put("change_from_summary", paste0(i, "-none"), x, level, c("d_z_at_r_minus_1", "d_z_at_r_0", "d_z_at_r_plus_1")[at + 2],
        estimate = change / s)
  }
}

# Two proportions ------------------------------------------------------------------------------------------------------
wilson <- function(x, n, level) prop.test(x, n, conf.level = level, correct = FALSE)$conf.int
tables <- list(c(21, 25, 36, 85), c(8, 230, 16, 171), c(23, 24, 58, 83), c(0, 12, 5, 14), c(7, 7, 3, 9), c(128, 1380, 90, 1500))
for (level in c(0.95, 0.99)) for (i in seq_along(tables)) {
  x <- tables[[i]]; table <- matrix(c(x[1], x[3], x[2] - x[1], x[4] - x[3]), 2)
  p1 <- x[1] / x[2]; p2 <- x[3] / x[4]
  w1 <- suppressWarnings(wilson(x[1], x[2], level)); w2 <- suppressWarnings(wilson(x[3], x[4], level))
  put("proportions_from_summary", i, x, level, "risk_difference", estimate = p1 - p2,
      conf_low = p1 - p2 - sqrt((p1 - w1[1])^2 + (w2[2] - p2)^2),
      conf_high = p1 - p2 + sqrt((w1[2] - p1)^2 + (p2 - w2[1])^2))
  put("proportions_from_summary", i, x, level, "risk_ratio", estimate = p1 / p2)
  if (all(table > 0)) {
    or <- table[1] * table[4] / (table[2] * table[3]); se <- sqrt(sum(1 / table)); z <- qnorm((1 + level) / 2)
    put("proportions_from_summary", i, x, level, "odds_ratio", estimate = or, std_error = se,
        conf_low = or * exp(-z * se), conf_high = or * exp(z * se))
  }
  put("proportions_from_summary", i, x, level, "fisher_exact", p_value = fisher.test(table)$p.value)
  for (yates in c(FALSE, TRUE)) {
    chi <- suppressWarnings(chisq.test(table, correct = yates))
    put("proportions_from_summary", i, x, level, if (yates) "chi_squared_yates" else "chi_squared",
        statistic = chi$statistic, df = chi$parameter, p_value = chi$p.value)
  }
}

# Intervals and p-values -----------------------------------------------------------------------------------------------
intervals <- list(
  list(c(0.59, 0.82, 0.69), "log", Inf), list(c(0.70, 0.94, 0.81), "log", Inf), list(c(-1.48, -0.41, -0.94), "identity", Inf),
  list(c(0.02, 0.65, 0.33), "identity", 120), list(c(-1, 3, 1), "identity", 3)
)
for (level in c(0.95, 0.9)) for (i in seq_along(intervals)) {
  x <- intervals[[i]]; v <- x[[1]]; log_scale <- x[[2]] == "log"; df <- x[[3]]
  y <- if (log_scale) log(v) else v
  se <- (y[2] - y[1]) / (2 * qt((1 + level) / 2, df)); t <- y[3] / se
  put(if (log_scale) "interval_to_p_log" else "interval_to_p", i, c(v, df), level, if (log_scale) "ratio" else "difference",
      estimate = v[3], std_error = se, statistic = t, p_value = 2 * pt(-abs(t), df))
}
for (p in c(1, 0.5, 0.05, 0.018, 0.001, 1e-8)) for (df in c(Inf, 1, 4.5, 30))
  put("p_to_statistic", paste(p, df), c(p, df), NA, "statistic", statistic = abs(qt(p / 2, df)))

write.csv(do.call(rbind, rows), "summaries.csv", row.names = FALSE, quote = FALSE, na = "")
writeLines(c(R.version.string, paste("effectsize", packageVersion("effectsize")), paste("platform", R.version$platform)), "versions.txt")
