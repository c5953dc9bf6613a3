# Profile likelihood limits of coefficients without a finite maximum, several at once, by an own loop over coxph.
# Rscript profile.R, in this directory: reads rows.csv, writes values.csv and versions.txt.
suppressMessages(library(survival))

rows <- read.csv("rows.csv", colClasses = c(band = "character"))
control <- coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 60)
bands <- c("2", "3", "4", "8", "9")

top <- function(y, x, w, ties) coxph(y ~ x, weights = w, ties = ties, control = control)$loglik[2]

# Log-likelihood at its maximum over the other columns, with one column held at a value.
profiled <- function(y, x, w, column, value, ties) {
  held <- x[, column] * value
  others <- x[, -column, drop = FALSE]
  coxph(y ~ others + offset(held), weights = w, ties = ties, control = control)$loglik[2]
}

limit <- function(y, x, w, column, highest, ties, between) {
  loss <- function(value) profiled(y, x, w, column, value, ties) - highest + qchisq(0.95, 1) / 2
  uniroot(loss, between, tol = 1e-11)$root
}

dummies <- function(d, reference) {
  levels <- c(reference, setdiff(bands, reference))
  cbind(sapply(levels[-1], function(band) as.numeric(d$band == band)), age = (d$age - 40) / 10)
}

found <- list()
say <- function(set, model, ties, column, value) {
  found[[length(found) + 1]] <<- data.frame(set = set, model = model, ties = ties, column = column,
                                            limit = sprintf("%.8f", value))
}

# Nobody left in 8 and 9: where a coefficient has run away to minus infinity its people weigh nothing, so the highest
# likelihood is that without both, and the profile of one is that without the other.
two <- function(set, model, ties, y, d, w) {
  x <- dummies(d, "2")
  neither <- !d$band %in% c("8", "9")
  highest <- top(y[neither], x[neither, -(3:4)], w[neither], ties)
  for (own in c("8", "9")) {
    kept <- neither | d$band == own
    value <- limit(y[kept], x[kept, c("3", "4", own, "age")], w[kept], 3, highest, ties, c(-4, 1))
    say(set, model, ties, own, value)
  }
}

for (set in unique(rows$set)) {
  d <- rows[rows$set == set, ]
  ones <- rep(1, nrow(d))
  y <- Surv(d$start, d$stop, d$cause > 0)
  for (ties in c("efron", "breslow")) two(set, "two levels", ties, y, d, ones)
  # Nobody left in the reference 8: the other levels run away together, the highest likelihood is that without it, and
  # with one of them held the others are finite.
  joined <- d
  joined$band[joined$band == "9"] <- "4"
  x <- dummies(joined, "8")[, c("2", "3", "4", "age")]
  left <- joined$band != "8"
  highest <- top(y[left], x[left, -1], ones[left], "efron")
  for (column in 1:3) {
    say(set, "empty reference", "efron", colnames(x)[column], limit(y, x, ones, column, highest, "efron", c(-1, 4)))
  }
  d$status <- factor(d$cause, 0:2)
  weighted <- finegray(Surv(start, stop, status) ~ ., data = d, id = person, etype = "1")
  two(set, "fine-gray", "efron", with(weighted, Surv(fgstart, fgstop, fgstatus)), weighted, weighted$fgwt)
}
write.csv(do.call(rbind, found), "values.csv", row.names = FALSE, quote = FALSE, eol = "\n")
writeLines(c(R.version.string, paste("survival", packageVersion("survival"))), "versions.txt")
