# Reference values for alpha, Feldt's interval and omega total. Run once: Rscript reliability.R (in this folder).
# Data: bfi of the package psych (five scales of five items, 2,800 respondents), reverse-keyed items turned round.
suppressMessages({library(psych); library(lavaan)})
data(bfi)
scales <- list(
  agree = c("-A1", "A2", "A3", "A4", "A5"), conscientious = c("C1", "C2", "C3", "-C4", "-C5"),
  extraverted = c("-E1", "-E2", "E3", "E4", "E5"), neurotic = c("N1", "N2", "N3", "N4", "N5"),
  open = c("O1", "-O2", "O3", "O4", "-O5"), short = c("C1", "C2", "C3"))
rows <- list()
for (name in names(scales)) {
  keys <- scales[[name]]
  items <- sub("-", "", keys)
  answers <- bfi[, items]
  for (i in seq_along(keys)) if (startsWith(keys[i], "-")) answers[, i] <- 7 - answers[, i]
  whole <- na.omit(answers)
  k <- length(items)
  n <- nrow(whole)
  listwise <- psych::alpha(whole, check.keys = FALSE, warnings = FALSE)$total$raw_alpha
  pairwise <- psych::alpha(answers, check.keys = FALSE, warnings = FALSE)$total$raw_alpha
  # Feldt's limits as printed by Feldt, Woodruff and Salih (1987), equation 20, and as psych gives them.
  low <- 1 - (1 - listwise) * qf(0.975, n - 1, (n - 1) * (k - 1))
  high <- 1 - (1 - listwise) * qf(0.025, n - 1, (n - 1) * (k - 1))
  ours <- alpha.ci(listwise, n, k, p.val = 0.05, digits = 15)
  stopifnot(abs(low - ours$lower.ci) < 1e-9, abs(high - ours$upper.ci) < 1e-9)
  model <- paste0(
    "f =~ NA*", items[1], " + ", paste0("l", 1:k, "*", items, collapse = " + "), "\nf ~~ 1*f\n",
    paste0(items, " ~~ u", 1:k, "*", items, collapse = "\n"),
    "\nomega := (", paste0("l", 1:k, collapse = "+"), ")^2/((", paste0("l", 1:k, collapse = "+"), ")^2+",
    paste0("u", 1:k, collapse = "+"), ")")
  estimates <- parameterEstimates(cfa(model, whole), level = 0.95)
  omega <- estimates[estimates$label == "omega", ]
  rows[[name]] <- data.frame(
    scale = name, items = paste(keys, collapse = " "), n = n, alpha = listwise, alpha_low = low, alpha_high = high,
    alpha_pairwise = pairwise, omega = omega$est, omega_se = omega$se)
}
out <- do.call(rbind, rows)
out[, -(1:2)] <- lapply(out[, -(1:2)], function(v) format(v, digits = 15, trim = TRUE))
write.csv(out, "reliability.csv", row.names = FALSE, quote = TRUE)
writeLines(c(R.version.string, paste("psych", packageVersion("psych")), paste("lavaan", packageVersion("lavaan"))),
           "versions.txt")
