# Reference values for pay gaps and turnover. Run once:  Rscript pay_turnover.R   (in this folder)
# Writes pay_turnover.csv and pay_turnover_versions.txt. The tests read the values and never call R.
#
# Salaries (package carData, GPL) is not copied: only its summary leaves, as numbers of people, means, standard
# deviations and the few order statistics that a median and its limits rest on.
# poisson.test is base R's. Welch's interval on the logarithm of a ratio of means, limits of a median after
# Hettmansperger and Sheather, MOVER, and Dobson's limits are in no package at hand and are written out below, from
# chi-squared, binomial and uniroot where evalkit uses gamma, beta and closed forms.

suppressMessages(library(carData))
set.seed(20240331)
rows <- list()
add <- function(topic, case, ...) {
  values <- list(...)
  for (name in names(values))
    rows[[length(rows) + 1]] <<- data.frame(topic = topic, case = case, name = name,
                                            value = paste(sprintf("%.15g", values[[name]]), collapse = " "))
}

# --- a median's limits: the level at which an order statistic, or a point between two, is the limit
hs <- function(x, level) {
  x <- sort(x); n <- length(x)
  cover <- function(k) sum(dbinom(k:(n - k), n, 0.5))
  k <- max(which(sapply(seq_len(n %/% 2), cover) >= level))
  step <- (cover(k) - level) / (cover(k) - cover(k + 1))
  lambda <- (n - k) * step / (k + (n - 2 * k) * step)
  c((1 - lambda) * x[k] + lambda * x[k + 1], (1 - lambda) * x[n - k + 1] + lambda * x[n - k], k)
}
mean_gap <- function(m, w, level) {
  v1 <- var(m) / length(m) / mean(m)^2; v2 <- var(w) / length(w) / mean(w)^2
  df <- (v1 + v2)^2 / (v1^2 / (length(m) - 1) + v2^2 / (length(w) - 1))
  log_ratio <- log(mean(w)) - log(mean(m))
  # the limits by inverting the t test of the logarithm of the ratio
  p <- function(d) 2 * pt(-abs((log_ratio - d) / sqrt(v1 + v2)), df) - (1 - level)
  low <- uniroot(p, c(log_ratio - 5, log_ratio), tol = 1e-14)$root
  high <- uniroot(p, c(log_ratio, log_ratio + 5), tol = 1e-14)$root
  c(1 - mean(w) / mean(m), 1 - exp(high), 1 - exp(low), df, 2 * pt(-abs(log_ratio / sqrt(v1 + v2)), df))
}
median_gap <- function(m, w, level) {
  a <- log(hs(m, level)[1:2]); b <- log(hs(w, level)[1:2])
  u <- log(median(w)); v <- log(median(m))
  low <- (u - v) - sqrt((u - b[1])^2 + (a[2] - v)^2)
  high <- (u - v) + sqrt((b[2] - u)^2 + (v - a[1])^2)
  c(1 - median(w) / median(m), 1 - exp(high), 1 - exp(low))
}
gaps <- function(case, m, w) for (level in c(0.95, 0.9))
  add("gap", sprintf("%s %g", case, level), mean = mean_gap(m, w, level), median = median_gap(m, w, level))

men <- Salaries$salary[Salaries$sex == "Male"]; women <- Salaries$salary[Salaries$sex == "Female"]
summary_of <- function(case, x) {
  x <- sort(x); n <- length(x)
  ranks <- unlist(lapply(c(0.95, 0.9), function(level) { k <- hs(x, level)[3]; c(k, k + 1, n - k, n - k + 1) }))
  ranks <- sort(unique(c(ranks, (n + 1) %/% 2, n %/% 2 + 1)))
  add("salaries", case, n = n, mean = mean(x), sd = sd(x), ranks = ranks, values = x[ranks])
}
summary_of("men", men); summary_of("women", women)
gaps("salaries", men, women)
for (n in c(12, 25)) {
  m <- round(rlnorm(n, 3, 0.4), 2); w <- round(rlnorm(n + 5, 2.9, 0.4), 2)
  add("drawn", sprintf("drawn %d", n), men = m, women = w)
  gaps(sprintf("drawn %d", n), m, w)
}

# --- quarters: everybody of a rate is cut into 1/1000 of a person, men and women dealt out alike
quarters <- function(case, pay, woman) {
  n <- length(pay); bounds <- floor(0:4 * n / 4 + 0.5)
  rates <- sort(unique(pay))
  heads <- as.vector(table(factor(pay, rates))); part <- as.vector(tapply(woman, factor(pay, rates), mean))
  share <- rep(part, heads * 1000)
  add("quarters", case, pay = pay, woman = as.numeric(woman), size = diff(bounds),
      women = sapply(1:4, function(q) sum(share[(bounds[q] * 1000 + 1):(bounds[q + 1] * 1000)]) / 1000))
}
quarters("ties", c(10, 10, 10, 12, 12, 12, 12, 12, 15, 15, 20, 30, 30), c(1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1) == 1)
quarters("one rate", rep(11, 10), rep(c(TRUE, FALSE), c(7, 3)))
quarters("drawn", sample(c(11.5, 12.1, 13, 15, 19), 83, TRUE), runif(83) < 0.6)

# --- rates
for (one in list(c(0, 50), c(1, 12.5), c(7, 80), c(79, 790), c(1200, 8000.5))) for (level in c(0.95, 0.99)) {
  test <- poisson.test(one[1], one[2], conf.level = level)
  add("rate", sprintf("%g of %g, %g", one[1], one[2], level), arguments = c(one, level),
      expected = c(test$estimate, test$conf.int))
}
for (one in list(c(11, 800, 23, 3000), c(0, 100, 4, 90), c(5, 60, 0, 70), c(42, 210, 79, 790))) for (level in c(0.95, 0.9)) {
  test <- poisson.test(one[c(1, 3)], one[c(2, 4)], conf.level = level)
  add("rate_ratio", sprintf("%s, %g", paste(one, collapse = " "), level), arguments = c(one, level),
      expected = c((one[1] / one[2]) / (one[3] / one[4]), test$conf.int, test$p.value))
}
for (w in list(c(1, 1, 0.5, 0.6, 0.8), c(rep(1, 40), rep(0.4, 20)))) for (level in c(0.95, 0.9)) {
  d <- length(w); base <- 12.5 * d; alpha <- 1 - level
  low <- qchisq(alpha / 2, 2 * d) / 2; high <- qchisq(1 - alpha / 2, 2 * d + 2) / 2
  add("weighted_rate", sprintf("%d, %g", d, level), weights = w, arguments = c(base, level),
      expected = (sum(w) + c(0, sqrt(sum(w^2) / d) * (c(low, high) - d))) / base)
}

write.csv(do.call(rbind, rows), "pay_turnover.csv", row.names = FALSE, quote = TRUE)
writeLines(c(R.version.string, paste("carData", packageVersion("carData")), paste("platform", R.version$platform)),
           "pay_turnover_versions.txt")
