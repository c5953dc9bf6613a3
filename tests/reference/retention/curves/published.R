# Writes published.csv: curves and tests on data sets that come with R packages or with lifelines (rossi.csv is written
# from lifelines.datasets.load_rossi() and read here once). Run here: Rscript published.R rossi.csv
library(survival)
suppressMessages(library(cmprsk))
rossi <- read.csv(commandArgs(TRUE)[1])
values <- character()
say <- function(name, x) values <<- c(values, paste(name, paste(formatC(as.vector(unlist(x)), digits = 10, format = "g"),
                                                                collapse = " "), sep = ","))
kind <- rossi$arrest * (1 + seq_len(nrow(rossi)) %% 2)
y <- Surv(rossi$week, factor(kind, 0:2))
fit <- summary(survfit(y ~ 1), times = c(26, 52))
say("rossi incidence", fit$pstate[, 2:3])
say("rossi incidence error", fit$std.err[, 2:3])
say("rossi gray", t(cuminc(rossi$week, kind, rossi$fin)$Tests[, 1:3]))
plain <- summary(survfit(Surv(week, arrest) ~ fin, rossi), times = c(26, 52), conf.type = "log-log")
say("rossi retention", plain$surv)
say("rossi retention error", plain$std.err)
say("rossi logrank", survdiff(Surv(week, arrest) ~ fin, rossi)$chisq)
say("rossi logrank by race", survdiff(Surv(week, arrest) ~ fin + strata(race), rossi)$chisq)

# Mantel-Byar on the Stanford transplants: the score test of the time-varying state.
people <- within(jasa, { subject <- seq_along(futime); left <- pmax(.5, futime)
                         got <- ifelse(wait.time == futime, wait.time - .5, wait.time) })
jasa <- tmerge(people, people, id = subject, death = event(left, fustat), heart = tdc(got))
write.csv(jasa[, c("subject", "tstart", "tstop", "death", "heart")], "jasa.csv", row.names = FALSE, quote = FALSE)
test <- coxph(Surv(tstart, tstop, death) ~ heart, jasa, ties = "exact")
say("jasa mantel-byar", test$score)
both <- survfit(Surv(tstart, tstop, death) ~ heart, jasa)
half <- summary(both, times = c(100, 500), extend = TRUE)
say("jasa simon-makuch", half$surv)
say("jasa simon-makuch error", half$std.err)
write.csv(data.frame(quantity = sub(",.*", "", values), value = sub(".*,", "", values)), "published.csv",
          row.names = FALSE, quote = FALSE)
