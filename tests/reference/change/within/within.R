# Reference values for change within people. Run once:  Rscript within.R   (in this folder)
# Writes pairs.csv (the data), within.csv (data, quantity, level, value), tables.csv, adjusted.csv and versions.txt.
# The tests read the values and never call R.
#
# Base R: t.test, wilcox.test, binom.test, mcnemar.test, p.adjust. coin: exact and asymptotic Wilcoxon under ties and
# zeros, marginal homogeneity. exactRankTests: the same p by another algorithm. effectsize: d_z with its limits,
# Hedges's factor, rank-biserial. boot: BCa. Written out, by other routes than evalkit's: limits of d_av and d_rm (the
# derivative taken numerically), Tango's limits (the likelihood maximised numerically).

suppressMessages({library(coin); library(boot); library(exactRankTests); library(numDeriv)})
set.seed(20261121)
quiet <- suppressWarnings
rows <- list()
add <- function(data, quantity, value, level = NA)
  rows[[length(rows) + 1]] <<- data.frame(data = data, quantity = quantity, level = level,
                                          value = sprintf("%.15g", as.numeric(value)))
root <- function(f, lower, upper) uniroot(f, c(lower, upper), extendInt = "yes", tol = 1e-14, maxiter = 10000)$root

# --- data -----------------------------------------------------------------------------------------------------------
likert <- function(n, shift) {
  trait <- rnorm(n)
  wave <- function(m) pmin(5, pmax(1, round(3.6 + m + 0.7 * trait + rnorm(n, 0, 0.7))))
  list(before = wave(0), after = wave(shift))
}
continuous <- function(n, shift, spread) {
  trait <- rnorm(n)
  list(before = round(50 + 8 * trait + rnorm(n, 0, 5), 6), after = round(50 + shift + 8 * trait + rnorm(n, 0, spread), 6))
}
data <- list(
  sleep = list(before = sleep$extra[11:20], after = sleep$extra[1:10]),
  likert7 = likert(7, 0.4), likert24 = likert(24, 0.4), likert120 = likert(120, 0.2), likert400 = likert(400, 0.1),
  continuous6 = continuous(6, 3, 5), continuous24 = continuous(24, -4, 3), continuous45 = continuous(45, 1, 9),
  continuous300 = continuous(300, 0.3, 5))
write.csv(do.call(rbind, lapply(names(data), function(name) data.frame(
  data = name, before = data[[name]]$before, after = data[[name]]$after))), "pairs.csv", row.names = FALSE, quote = FALSE)

# --- standardised changes -------------------------------------------------------------------------------------------
log_divisor <- function(kind) function(v) {  # v: variance before, variance after, covariance
  change <- v[1] + v[2] - 2 * v[3]
  switch(kind, d_z = log(change) / 2, d_av = log((sqrt(v[1]) + sqrt(v[2])) / 2),
         d_rm = log(change / (2 * (1 - v[3] / sqrt(v[1] * v[2])))) / 2)
}
recovered <- function(before, after, kind, level) {
  n <- length(before); change <- after - before; a <- (1 - level) / 2
  v <- c(var(before), var(after), cov(before, after))
  s <- matrix(c(v[1], v[3], v[3], v[2]), 2)
  index <- rbind(c(1, 1), c(2, 2), c(1, 2))
  wishart <- outer(1:3, 1:3, Vectorize(function(p, q) {
    i <- index[p, 1]; j <- index[p, 2]; k <- index[q, 1]; l <- index[q, 2]
    (s[i, k] * s[j, l] + s[i, l] * s[j, k]) / (n - 1)
  }))
  g <- grad(log_divisor(kind), v)
  df <- 1 / (2 * drop(g %*% wishart %*% g)); q <- exp(log_divisor(kind)(v))
  narrow <- q * sqrt(df / qchisq(1 - a, df)); wide <- q * sqrt(df / qchisq(a, df))
  half <- qt(1 - a, n - 1) * sd(change) / sqrt(n); m <- mean(change)
  # limits of m - theta q, recovered; theta is in the interval when 0 lies between them
  reach <- function(theta, side) if ((theta > 0) == (side < 0)) wide - q else q - narrow
  low <- root(function(theta) m - theta * q - sqrt(half^2 + (theta * reach(theta, -1))^2), -1, 1)
  high <- root(function(theta) m - theta * q + sqrt(half^2 + (theta * reach(theta, 1))^2), -1, 1)
  list(estimate = m / q, low = low, high = high, df = df, error = sqrt(var(change) / n / q^2 + (m / q)^2 / (2 * df)))
}
noncentral <- function(t, df, level) {
  a <- (1 - level) / 2
  c(root(function(x) quiet(pt(t, df, x)) - (1 - a), t - 2, t + 2), root(function(x) quiet(pt(t, df, x)) - a, t - 2, t + 2))
}

for (name in names(data)) {
  before <- data[[name]]$before; after <- data[[name]]$after
  change <- round(after - before, 9); n <- length(change)
  for (level in c(0.95, 0.8)) {
    t <- t.test(after, before, paired = TRUE, conf.level = level)
    add(name, "t.low", t$conf.int[1], level); add(name, "t.high", t$conf.int[2], level)
    d <- effectsize::cohens_d(after, before, paired = TRUE, ci = level)
    add(name, "d_z.effectsize.low", d$CI_low, level); add(name, "d_z.effectsize.high", d$CI_high, level)
    limits <- noncentral(unname(t$statistic), n - 1, level) / sqrt(n)
    add(name, "d_z.low", limits[1], level); add(name, "d_z.high", limits[2], level)
    for (kind in c("d_av", "d_rm")) {
      found <- recovered(before, after, kind, level)
      add(name, paste0(kind, ".low"), found$low, level); add(name, paste0(kind, ".high"), found$high, level)
      if (level == 0.95) {
        add(name, paste0(kind, ".estimate"), found$estimate); add(name, paste0(kind, ".df"), found$df)
        add(name, paste0(kind, ".std_error"), found$error)
      }
    }
  }
  add(name, "t.statistic", t$statistic); add(name, "t.df", t$parameter); add(name, "t.p", t$p.value)
  add(name, "t.estimate", t$estimate); add(name, "d_z.estimate", d$Cohens_d)
  add(name, "hedges.estimate", effectsize::hedges_g(after, before, paired = TRUE)$Hedges_g)
  margin <- abs(mean(change)) + 0.7 * sd(change) / sqrt(n)
  add(name, "tost.margin", margin)
  add(name, "tost.p_lower", t.test(after, before, paired = TRUE, mu = -margin, alternative = "greater")$p.value)
  add(name, "tost.p_upper", t.test(after, before, paired = TRUE, mu = margin, alternative = "less")$p.value)
  standard <- abs(mean(change)) / sd(change) + 0.9 / sqrt(n)
  statistic <- mean(change) / sd(change) * sqrt(n)
  add(name, "tost.d_z.margin", standard)
  add(name, "tost.d_z.p_lower", quiet(pt(statistic, n - 1, -standard * sqrt(n), lower.tail = FALSE)))
  add(name, "tost.d_z.p_upper", quiet(pt(statistic, n - 1, standard * sqrt(n))))

  # --- ranks
  moved <- change[change != 0]
  for (zeros in c("Wilcoxon", "Pratt")) {
    short <- c(Wilcoxon = "wilcox", Pratt = "pratt")[[zeros]]
    how <- if (length(moved) <= 200) "exact" else "asymptotic"
    test <- wilcoxsign_test(change ~ rep(0, n), zero.method = zeros, distribution = how)
    add(name, paste0(short, ".p"), pvalue(test))
    used <- if (zeros == "Wilcoxon") moved else change
    walsh <- outer(used, used, "+") / 2
    add(name, paste0(short, ".estimate"), median(walsh[lower.tri(walsh, diag = TRUE)]))
  }
  add(name, "wilcox.V", quiet(wilcox.test(change, exact = FALSE))$statistic)
  add(name, "wilcox.p.exactRankTests", if (length(moved) <= 200) quiet(wilcox.exact(moved, exact = TRUE))$p.value else NA)
  add(name, "rank_biserial", quiet(effectsize::rank_biserial(moved))$r_rank_biserial)
  if (!anyDuplicated(abs(change)) && n <= 200) {
    add(name, "wilcox.p.base", wilcox.test(change, exact = TRUE)$p.value)
    for (level in c(0.95, 0.9, 0.8)) {
      exact <- quiet(wilcox.test(change, exact = TRUE, conf.int = TRUE, conf.level = level))
      add(name, "wilcox.low", exact$conf.int[1], level); add(name, "wilcox.high", exact$conf.int[2], level)
    }
  }

  # base R is exact at any number of pairs when told so
  if (name == "continuous300") for (level in c(0.95, 0.9, 0.8)) {
    exact <- wilcox.test(change, exact = TRUE, conf.int = TRUE, conf.level = level)
    add(name, "wilcox.low", exact$conf.int[1], level); add(name, "wilcox.high", exact$conf.int[2], level)
  }

  # --- bootstrap
  if (n >= 24 && n <= 120) {
    drawn <- boot(cbind(before, after), function(x, i) {
      b <- x[i, 1]; a <- x[i, 2]; m <- mean(a - b)
      c(m, m / sd(a - b), m / ((sd(a) + sd(b)) / 2), m / (sd(a - b) / sqrt(2 * (1 - cor(a, b)))))
    }, R = 10000)
    for (k in 1:4) {
      limits <- boot.ci(drawn, type = "bca", index = k, conf = 0.95)$bca[4:5]
      what <- c("mean", "d_z", "d_av", "d_rm")[k]
      add(name, paste0("bca.", what, ".low"), limits[1], 0.95); add(name, paste0("bca.", what, ".high"), limits[2], 0.95)
      add(name, paste0("bca.", what, ".std_error"), sd(drawn$t[, k]))
    }
  }
}
# which Walsh average is the limit, where there are too many pairs for the exact law to be worked out each time
for (n in c(201, 250, 400, 1000)) for (level in c(0.99, 0.95, 0.9, 0.8))
  add(paste0("n", n), "limit.place", qsignrank((1 - level) / 2, n), level)
write.csv(do.call(rbind, rows), "within.csv", row.names = FALSE, quote = FALSE)

# --- tables of answers before (rows) and after (columns), row by row -----------------------------------------------------
tango <- function(gained, lost, n, level) {
  still <- n - gained - lost
  constrained <- function(theta) {  # variance of gained - lost at the share of losers that maximises the likelihood
    most <- (1 - abs(theta)) / 2; least <- max(0, -theta)
    logl <- function(q) {
      part <- function(k, p) if (k == 0) 0 else k * log(max(p, 1e-300))
      part(lost, q) + part(gained, q + theta) + part(still, 1 - 2 * q - theta)
    }
    q <- optimize(logl, c(least, (1 - theta) / 2), maximum = TRUE, tol = 1e-13)$maximum
    n * (2 * q + theta - theta^2)
  }
  excess <- function(theta) (gained - lost - n * theta)^2 / constrained(theta) - qchisq(level, 1)
  point <- (gained - lost) / n
  c(if (point == -1 || excess(-1 + 1e-9) < 0) -1 else uniroot(excess, c(-1 + 1e-9, point), tol = 1e-12)$root,
    if (point == 1 || excess(1 - 1e-9) < 0) 1 else uniroot(excess, c(point, 1 - 1e-9), tol = 1e-12)$root)
}
tables <- list(c(1, 7, 1, 12), c(10, 4, 9, 6), c(20, 0, 3, 5), c(40, 31, 12, 77), c(0, 5, 5, 0), c(6, 1, 0, 3),
               c(512, 88, 131, 402), c(20, 10, 5, 3, 30, 15, 0, 5, 40), c(14, 6, 2, 1, 3, 11, 8, 2, 2, 5, 12, 9, 1, 1, 4, 18),
               c(10, 7, 0, 0, 2, 12, 0, 0, 0, 0, 9, 6, 0, 0, 1, 8))
found <- lapply(tables, function(counts) {
  k <- sqrt(length(counts)); m <- matrix(counts, k, byrow = TRUE)
  out <- list()
  if (k == 2) {
    gained <- m[1, 2]; lost <- m[2, 1]; n <- sum(m); changed <- gained + lost
    exact <- binom.test(gained, changed)$p.value
    ways <- dbinom(0:changed, changed, 0.5); seen <- ways[min(gained, lost) + 1]
    out$exact <- exact
    # strictly more extreme splits plus half of those as extreme; by Fagerland's rule half the one where both are equal
    out$mid <- if (gained == lost) 1 - seen / 2 else sum(ways[ways < seen * (1 - 1e-9)]) + seen
    for (level in c(0.95, 0.8)) {
      limits <- tango(gained, lost, n, level)
      out[[paste0("low", level)]] <- limits[1]; out[[paste0("high", level)]] <- limits[2]
    }
  }
  t <- as.table(m); dimnames(t) <- list(before = 1:k, after = 1:k)
  homogeneity <- mh_test(t)
  out$homogeneity <- statistic(homogeneity); out$homogeneity_df <- homogeneity@statistic@df
  out$homogeneity_p <- as.numeric(pvalue(homogeneity))
  bowker <- mcnemar.test(m, correct = FALSE)
  if (is.finite(bowker$statistic)) { out$bowker <- bowker$statistic; out$bowker_df <- bowker$parameter; out$bowker_p <- bowker$p.value }
  data.frame(table = paste(counts, collapse = " "), quantity = names(out), value = sprintf("%.15g", unlist(out)))
})
write.csv(do.call(rbind, found), "tables.csv", row.names = FALSE, quote = FALSE)

p <- c(0.011, 0.2, 0.0004, 0.04, 0.04, 0.9, 0.03, 0.0501)
write.csv(data.frame(p = p, holm = p.adjust(p, "holm"), bh = p.adjust(p, "BH")), "adjusted.csv", row.names = FALSE)

version <- function(name) paste(name, packageVersion(name))
writeLines(c(R.version.string, vapply(c("coin", "boot", "exactRankTests", "effectsize", "numDeriv"), version, ""),
             paste("platform", R.version$platform)), "versions.txt")
