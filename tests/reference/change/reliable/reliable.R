# Reference values for evalkit.reliable_change: run with Rscript reliable.R in this folder.
# The paper's own numbers are typed in the test; here its formulas are applied to 30 people, written out in R.
set.seed(7)
before <- round(rnorm(30, 42, 8), 1); after <- round(before + rnorm(30, 6, 7), 1)
write.csv(data.frame(score_before = before, score_after = after), "scores.csv", row.names = FALSE)
r <- 0.8
rows <- list()
for (way in c("higher", "lower")) for (cut in c("none", "a", "b", "c")) {
  s <- sd(before); sdiff <- sqrt(2 * (s * sqrt(1 - r))^2)
  sign <- if (way == "higher") 1 else -1
  f <- if (way == "higher") c(60, 7.5) else c(30, 6); g <- if (way == "higher") c(40, 9) else c(50, 9)
  line <- switch(cut, none = NA, a = g[1] + sign * 2 * g[2], b = f[1] - sign * 2 * f[2],
                 c = (f[2] * g[1] + g[2] * f[1]) / (f[2] + g[2]))
  rc <- sign * (after - before) / sdiff
  crossed <- if (cut == "none") rep(FALSE, 30) else sign * before < sign * line & sign * after >= sign * line
  k <- ifelse(rc < -1.96, "deteriorated", ifelse(rc <= 1.96, "unchanged", ifelse(crossed, "recovered", "improved")))
  for (category in c("recovered", "improved", "unchanged", "deteriorated")) {
    if (cut == "none" && category == "recovered") next
    x <- sum(k == category); w <- suppressWarnings(prop.test(x, 30, correct = FALSE, conf.level = 0.9))
    rows[[length(rows) + 1]] <- data.frame(way = way, cut = cut, group = category, estimate = x / 30,
      conf_low = w$conf.int[1], conf_high = w$conf.int[2], error_of_difference = sdiff, cutoff = line)
  }
}
out <- do.call(rbind, rows)
for (name in names(out)[-(1:3)]) out[[name]] <- trimws(formatC(out[[name]], digits = 15, format = "g"))
write.csv(out, "reliable.csv", row.names = FALSE, quote = FALSE)
writeLines(R.version.string, "versions.txt")
