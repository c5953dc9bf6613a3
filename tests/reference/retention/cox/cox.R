# Writes what evalkit.numeric.cox and its neighbours are held against. Run here: Rscript cox.R
# rows.csv: 72 small random data sets, (start, stop] rows with ties, delayed entry, several rows a person.
# values.csv: data set, variant, quantity, numbers. finegray.csv: the same for subdistribution hazards.
# published.csv: models on data sets that come with R packages.
library(survival)
suppressMessages(library(cmprsk))
options(digits = 15)

words <- function(x) paste(trimws(formatC(as.vector(unlist(x)), digits = 10, format = "g")), collapse = " ")
values <- character()
say <- function(set, variant, quantity, x) values <<- c(values, paste(set, variant, quantity, words(x), sep = ","))

make <- function(set, seed) {
  set.seed(seed)
  n <- 40
  entry <- if (set %% 2) rep(0, n) else sample(0:4, n, TRUE)
  if (set %% 12 == 6) entry <- entry + sample(0:9, n, TRUE) / 8
  g <- sample(c("a", "b", "c"), n, TRUE, c(.4, .3, .3))
  x <- round(rnorm(n), 1)
  site <- sample(0:1, n, TRUE)
  ward <- sample(0:5, n, TRUE)
  length <- rexp(n, .12 * exp(.4 * x + .5 * (g == "b")))
  length <- if (set %% 3) ceiling(length) else ceiling(length * 8) / 8
  length <- pmin(length, 14)
  cause <- sample(0:2, n, TRUE, c(.25, .45, .30))
  weight <- sample(c(.5, .8, 1, 1.3, 2), n, TRUE)
  count <- sample(1:3, n, TRUE)
  cut <- ifelse(runif(n) < .5, sample(1:6, n, TRUE), Inf)
  gap <- ifelse(set %% 4 == 0, 1, 0)
  rows <- NULL
  for (i in 1:n) {
    a <- entry[i]; b <- entry[i] + length[i]; middle <- a + cut[i]
    base <- data.frame(set = set, person = i, x = x[i], g = g[i], site = site[i], ward = ward[i],
                       weight = weight[i], count = count[i])
    if (middle + gap < b) {
      rows <- rbind(rows, cbind(base, start = a, stop = middle, cause = 0, z = 0),
                    cbind(base, start = middle + gap, stop = b, cause = cause[i], z = 1))
    } else rows <- rbind(rows, cbind(base, start = a, stop = b, cause = cause[i], z = 0))
  }
  rows$g <- factor(rows$g, levels = c("a", "b", "c"))
  rows
}

control <- coxph.control(eps = 1e-12, iter.max = 60, toler.chol = 1e-13)
fit <- function(d, ties, weighted, stratified, cluster = NULL) {
  d$w <- if (weighted) d$weight else rep(1, nrow(d))
  d$unit <- if (is.null(cluster)) seq_len(nrow(d)) else d[[cluster]]
  formula <- if (stratified) Surv(start, stop, cause == 1) ~ x + g + z + strata(site)
             else Surv(start, stop, cause == 1) ~ x + g + z
  if (is.null(cluster))
    return(coxph(formula, d, weights = w, ties = ties, x = TRUE, y = TRUE, model = TRUE, control = control, robust = FALSE))
  coxph(formula, d, weights = w, ties = ties, x = TRUE, y = TRUE, model = TRUE, control = control, cluster = unit)
}

# Drawn again until no coefficient runs away: that is tested elsewhere.
sets <- lapply(1:72, function(set) for (seed in 1000 * set + 0:99) {
  d <- make(set, seed)
  finite <- function(...) max(abs(coef(suppressWarnings(fit(d, ...))))) < 4
  if (finite("efron", FALSE, FALSE) && finite("breslow", TRUE, TRUE)) return(d)
})
all <- do.call(rbind, sets)
write.csv(all[, c("set", "person", "start", "stop", "cause", "x", "g", "z", "site", "ward", "weight", "count")],
          "rows.csv", row.names = FALSE, quote = FALSE)

for (set in 1:72) {
  d <- sets[[set]]
  weighted <- (set %/% 2) %% 2 == 1
  stratified <- (set %/% 4) %% 2 == 1
  for (ties in c("efron", "breslow")) {
    variant <- paste(ties, if (weighted) "weighted" else "plain", if (stratified) "strata" else "one", sep = "-")
    m <- fit(d, ties, weighted, stratified)
    r <- fit(d, ties, weighted, stratified, cluster = "person")
    o <- fit(d, ties, weighted, stratified, cluster = "ward")
    say(set, variant, "coef", coef(m))
    say(set, variant, "loglik", m$loglik)
    say(set, variant, "score", m$score)
    say(set, variant, "var", vcov(m)[upper.tri(vcov(m), TRUE)])
    say(set, variant, "person", vcov(r)[upper.tri(vcov(r), TRUE)])
    say(set, variant, "ward", vcov(o)[upper.tri(vcov(o), TRUE)])
    cc <- m$concordance
    say(set, variant, "concordance", cc[c("concordant", "discordant", "tied.x", "concordance", "std")])
    say(set, variant, "concordance_ward", o$concordance["std"])
    if (set %% 3 == 0) {
      say(set, variant, "dfbeta", residuals(m, type = "dfbeta", weighted = TRUE)[c(1, 7, 15, 22), ])
      for (transform in c("km", "rank", "identity", "log")) {
        zt <- cox.zph(m, transform, terms = TRUE); zc <- cox.zph(m, transform, terms = FALSE)
        say(set, variant, paste0("zph_", transform), c(zt$table[, 1], zc$table[, 1]))
      }
      zc <- cox.zph(m, "identity", terms = FALSE)
      if (!stratified) say(set, variant, "schoenfeld", aggregate(zc$y, list(zc$time), mean)[, -1])
      new <- data.frame(x = .5, g = factor("b", levels = c("a", "b", "c")), z = 1, site = 0)
      s <- survfit(m, newdata = new)
      keep <- which(s$n.event > 0)
      if (stratified) keep <- keep[keep <= s$strata[1]]
      keep <- keep[seq(1, length(keep), 3)]
      say(set, variant, "baseline_time", s$time[keep])
      say(set, variant, "baseline_cumhaz", s$cumhaz[keep])
      say(set, variant, "baseline_error", s$std.chaz[keep])
    }
    if (set %% 4 == 1) {
      many <- d[rep(seq_len(nrow(d)), d$count), ]
      many$copy <- sequence(d$count)
      many$own <- paste(many$person, many$copy)
      k <- fit(many, ties, weighted, stratified)
      say(set, variant, "counted_coef", coef(k))
      say(set, variant, "counted_se", sqrt(diag(vcov(k))))
      k <- fit(many, ties, weighted, stratified, cluster = "ward")
      say(set, variant, "counted_ward", sqrt(diag(vcov(k))))
    }
  }
}
writeLines(c("set,variant,quantity,value", values), "values.csv")

values <- character()
for (set in which((1:72) %% 4 != 0)) {
  d <- sets[[set]]
  d$status <- factor(d$cause, 0:2, c("censored", "one", "two"))
  d$own <- d$person
  weighted <- (set %/% 2) %% 2 == 1
  d$w <- if (weighted) d$weight else rep(1, nrow(d))
  f <- tryCatch(finegray(Surv(start, stop, status) ~ ., data = d, id = own, weights = w, etype = "one"), error = identity)
  if (inherits(f, "error")) { message(set, ": ", conditionMessage(f)); next }
  for (ties in c("efron", "breslow")) {
    m <- coxph(Surv(fgstart, fgstop, fgstatus) ~ x + g + z, f, weights = fgwt, cluster = person, ties = ties,
               control = control)
    say(set, paste(ties, if (weighted) "weighted" else "plain", sep = "-"), "finegray", c(coef(m), sqrt(diag(vcov(m)))))
  }
}
writeLines(c("set,variant,quantity,value", values), "finegray.csv")

values <- character()
etime <- with(mgus2, ifelse(pstat == 0, futime, ptime))
event <- with(mgus2, ifelse(pstat == 0, 2 * death, 1))
for (k in 1:2) {
  m <- coxph(Surv(etime, event == k) ~ age + sex + mspike, mgus2)
  say("mgus2", paste0("cause", k), "cox", c(coef(m), sqrt(diag(vcov(m)))))
}
status <- factor(event, 0:2, c("censor", "pcm", "death"))
for (k in c("pcm", "death")) {
  f <- finegray(Surv(etime, status) ~ ., data = mgus2, etype = k)
  m <- coxph(Surv(fgstart, fgstop, fgstatus) ~ sex, f, weights = fgwt, cluster = id)
  say("mgus2", k, "finegray", c(coef(m), sqrt(diag(vcov(m)))))
  k2 <- crr(etime, event, cbind(mgus2$sex == "M"), failcode = if (k == "pcm") 1 else 2, gtol = 1e-9)
  say("mgus2", k, "crr", c(k2$coef, sqrt(diag(k2$var))))
}
m <- coxph(Surv(start, stop, event) ~ age + surgery + year + transplant, heart, cluster = id)
say("heart", "efron", "cox", c(coef(m), sqrt(diag(m$naive.var)), sqrt(diag(vcov(m)))))
z <- cox.zph(m)
say("heart", "efron", "zph", z$table[, 1])
writeLines(c("set,variant,quantity,value", values), "published.csv")

writeLines(c(R.version.string, paste("survival", packageVersion("survival")), paste("cmprsk", packageVersion("cmprsk"))),
           "versions.txt")
