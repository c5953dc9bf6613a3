# Writes what evalkit.retention's curves and tests are held against. Run here: Rscript curves.R
# rows.csv: 20 small random data sets, (start, stop] rows with ties, delayed entry, several rows a person, weights.
# values.csv: data set, variant, quantity, numbers in the order of groups and times.
library(survival)
suppressMessages(library(cmprsk))
options(digits = 15)

words <- function(x) paste(trimws(formatC(as.vector(unlist(x)), digits = 9, format = "g")), collapse = " ")
values <- character()
say <- function(set, variant, quantity, x) values <<- c(values, paste(set, variant, quantity, words(x), sep = ","))

make <- function(set) {
  set.seed(set)
  n <- 40
  delayed <- set %% 2 == 0
  entry <- if (delayed) sample(0:4, n, TRUE) else rep(0, n)
  entry[1:6] <- 0
  g <- rep_len(c("a", "b", "c"), n)
  length <- rexp(n, .10 * ifelse(g == "b", 1.6, 1))
  length <- if (set %% 3) ceiling(length) else ceiling(length * 8) / 8
  length <- pmin(length, 14)
  cause <- sample(0:2, n, TRUE, c(.25, .45, .30))
  d <- data.frame(set = set, person = 1:n, g = g, site = sample(0:1, n, TRUE), ward = sample(0:7, n, TRUE),
                  weight = sample(c(.5, .8, 1, 1.3, 2), n, TRUE), count = sample(1:3, n, TRUE),
                  start = entry, stop = entry + length, cause = cause)
  # Some come back: a second row of the same person that covers some of the same time since entry.
  if (set %% 4 == 0) {
    back <- d[sample(n, 12), ]
    back$stop <- pmax(back$start + 1, back$stop - sample(0:5, 12, TRUE))
    back$cause <- sample(0:2, 12, TRUE)
    d <- rbind(d, back)
    d <- d[order(d$person), ]
  }
  d$g <- factor(d$g, levels = c("a", "b", "c"))
  d$row <- seq_len(nrow(d))
  d
}
sets <- lapply(1:20, make)
rows <- do.call(rbind, sets)
write.csv(rows[, c("set", "person", "g", "site", "ward", "weight", "count", "start", "stop", "cause")], "rows.csv",
          row.names = FALSE, quote = FALSE)

curves <- function(set, variant, fit) {
  say(set, variant, "time", fit$time)
  say(set, variant, "at_risk", fit$n.risk)
  say(set, variant, "events", fit$n.event)
  say(set, variant, "estimate", fit$surv)
  say(set, variant, "std_error", fit$std.err * (if (isTRUE(fit$logse)) fit$surv else 1))
  say(set, variant, "low", fit$lower)
  say(set, variant, "high", fit$upper)
}

for (set in seq_along(sets)) {
  d <- sets[[set]]
  y <- Surv(d$start, d$stop, d$cause > 0)
  several <- any(duplicated(d$person))
  for (scale in c("log-log", "log", "plain"))
    curves(set, paste0("km ", scale), survfit(y ~ g, d, conf.type = scale, conf.int = .9))
  weighted <- survfit(y ~ g, d, weights = weight, id = row, robust = TRUE, conf.type = "log-log")
  curves(set, "km weighted", weighted)
  counted <- survfit(y ~ g, d, weights = count, conf.type = "log-log")
  curves(set, "km counted", counted)
  curves(set, "km clustered", survfit(y ~ g, d, cluster = ward, robust = TRUE, conf.type = "log-log"))
  both <- survfit(y ~ g, d, weights = weight, cluster = ward, robust = TRUE, conf.type = "log-log")
  curves(set, "km weighted clustered", both)
  plain <- survfit(y ~ g, d, conf.type = "log-log")
  middle <- quantile(plain, c(.25, .5), conf.int = TRUE)
  say(set, "quantiles", "estimate", t(middle$quantile))
  say(set, "quantiles", "low", t(middle$lower))
  say(set, "quantiles", "high", t(middle$upper))
  for (horizon in c(4.5, 9)) {
    mean <- summary(plain, rmean = horizon)$table
    say(set, paste("rmean", horizon), "estimate", mean[, "rmean"])
    say(set, paste("rmean", horizon), "std_error", mean[, "se(rmean)"])
  }
  # Restricted mean with weights: influence of each cluster, from survfit's own.
  for (by in c("row", "ward")) {
    f <- survfit(y ~ 1, d, weights = weight, cluster = d[[by]], robust = TRUE, influence = 1)
    u <- f$influence.surv
    ends <- c(f$time[-1], Inf)
    width <- pmax(pmin(ends, 9) - pmin(f$time, 9), 0)
    say(set, paste("rmean weighted", by), "std_error", sqrt(sum((u %*% width)^2)))
    say(set, paste("rmean weighted", by), "estimate", min(f$time[1], 9) + sum(width * f$surv))
  }
  state <- factor(d$cause, 0:2, c("censor", "one", "two"))
  for (variant in c("plain", "weighted", "clustered")) {
    w <- if (variant == "weighted") d$weight else rep(1, nrow(d))
    d$w <- w
    for (level in levels(d$g)) {
      part <- d[d$g == level, ]
      part$state <- state[d$g == level]
      fit <- survfit(Surv(start, stop, state) ~ 1, part, id = row, weights = w, conf.type = "log-log", influence = TRUE)
      name <- paste("incidence", variant, level)
      say(set, name, "time", fit$time)
      say(set, name, "estimate", fit$pstate[, 2:3])
      # Told of persons and clusters, survfit forgets the clusters: their influences are added up here.
      who <- if (variant == "clustered") part$ward else part$row
      influence <- fit$influence.pstate
      if (is.null(influence)) influence <- fit$influence
      if (dim(influence)[2] > length(fit$time)) influence <- influence[, -1, ]
      influence <- influence * part$w
      error <- sapply(2:3, function(k) sqrt(colSums(rowsum(influence[, , k], who)^2)))
      if (variant != "clustered") stopifnot(max(abs(error - fit$std.err[, 2:3])) < 1e-10)
      say(set, name, "std_error", error)
      width <- pmax(pmin(c(fit$time[-1], Inf), 9) - pmin(fit$time, 9), 0)
      area <- sapply(1:3, function(k) influence[, , k] %*% width)
      say(set, name, "mean", survival:::survmean2(survfit0(fit), rmean = 9)$matrix[, "rmean"])
      say(set, name, "mean_error", sqrt(colSums(rowsum(area, who)^2)))
    }
  }
  if (set %% 2) {
    for (rho in 0:1) for (strata in c(FALSE, TRUE)) {
      formula <- if (strata) Surv(stop, cause > 0) ~ g + strata(site) else Surv(stop, cause > 0) ~ g
      test <- survdiff(formula, d, rho = rho)
      name <- paste("survdiff", rho, strata)
      say(set, name, "observed", if (strata) rowSums(test$obs) else test$obs)
      say(set, name, "expected", if (strata) rowSums(test$exp) else test$exp)
      say(set, name, "variance", test$var)
      say(set, name, "chisq", test$chisq)
      incidence <- if (strata) cuminc(d$stop, d$cause, d$g, d$site, rho = rho) else
        cuminc(d$stop, d$cause, d$g, rho = rho)
      say(set, paste("gray", rho, strata), "tests", t(incidence$Tests))
    }
    many <- d[rep(seq_len(nrow(d)), d$count), ]
    say(set, "survdiff counted", "chisq", survdiff(Surv(stop, cause > 0) ~ g, many)$chisq)
    say(set, "gray counted", "tests", t(cuminc(many$stop, many$cause, many$g)$Tests))
  } else {
    # survdiff takes no delayed entry: the score test of the exact partial likelihood is the same test.
    for (strata in c(FALSE, TRUE)) {
      formula <- if (strata) y ~ g + strata(site) else y ~ g
      say(set, paste("score", strata), "chisq", coxph(formula, d, ties = "exact")$score)
    }
  }
}
write.csv(data.frame(set = sub(",.*", "", values), variant = sub("^[^,]*,([^,]*),.*", "\\1", values),
                     quantity = sub("^[^,]*,[^,]*,([^,]*),.*", "\\1", values), value = sub(".*,", "", values)),
          "values.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste(c("survival", "cmprsk"), c(format(packageVersion("survival")),
             format(packageVersion("cmprsk"))))), "versions.txt")
