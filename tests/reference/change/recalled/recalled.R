# Reference values for evalkit.response_shift: run with Rscript recalled.R in this folder.
d <- read.csv("../attrition/answers.csv")
d <- d[complete.cases(d[, c("skill_before", "skill_then", "skill_after")]), ]
pairs <- list("change as answered" = c("skill_before", "skill_after"),
              "change as recalled" = c("skill_then", "skill_after"),
              "shift of the start" = c("skill_before", "skill_then"))
rows <- list()
for (level in c(0.95, 0.8)) for (group in names(pairs)) {
  ends <- pairs[[group]]
  t <- t.test(d[[ends[2]]], d[[ends[1]]], paired = TRUE, conf.level = level)
  rows[[length(rows) + 1]] <- data.frame(level = level, group = group, estimate = t$estimate, std_error = t$stderr,
    statistic = t$statistic, df = t$parameter, p_value = t$p.value, conf_low = t$conf.int[1], conf_high = t$conf.int[2],
    n = nrow(d), in_sd_before = t$estimate / sd(d$skill_before))
}
out <- do.call(rbind, rows)
for (name in names(out)[-(1:2)]) out[[name]] <- trimws(formatC(out[[name]], digits = 15, format = "g"))
write.csv(out, "recalled.csv", row.names = FALSE, quote = FALSE)
writeLines(R.version.string, "versions.txt")
