# Called by engine.py: Rscript metafor.R version|estimates|times twenty.csv
# Times are CPU seconds (user + system) of one fit; "adhoc" is Hartung and Knapp's interval with its factor at least 1.
suppressMessages(library(metafor))
arguments <- commandArgs(trailingOnly = TRUE)
bodies <- split(read.csv(arguments[2]), ~body)

fit <- function(body) rma.uni(body$y, body$v, method = "REML", test = "adhoc")
cpu_each <- function(work, times) {
  start <- proc.time()
  for (i in seq_len(times)) work()
  spent <- proc.time() - start
  (spent[["user.self"]] + spent[["sys.self"]]) / times
}
report <- function(name, seconds) cat(name, "\t", format(seconds, digits = 6), "\n", sep = "")

if (arguments[1] == "version") {
  cat("metafor", as.character(packageVersion("metafor")), "\n")
} else if (arguments[1] == "estimates") {
  for (body in bodies) {
    found <- rma.uni(body$y, body$v, method = "REML", test = "adhoc", control = list(threshold = 1e-12, maxiter = 1000))
    cat(format(found$beta[1], digits = 15), format(found$se, digits = 15), "\n")
  }
} else {
  for (body in bodies) fit(body)
  first <- fit(bodies[[1]])
  leave1out(first)
  report("one fit", cpu_each(function() for (body in bodies) predict(fit(body)), 2) / length(bodies))
  report("one fit, metafor without PI", cpu_each(function() for (body in bodies) fit(body), 2) / length(bodies))
  report("one fit + Q-profile", cpu_each(function() for (body in bodies) { found <- fit(body); predict(found); confint(found) }, 1) / length(bodies))
  report("leave-one-out", cpu_each(function() leave1out(first), 5))
}
