# EARS C1 and C2 by the package surveillance: one line a day of a series, "method day upperbound".
# Rscript ears.R METHOD MIN_SIGMA SERIES, the series as figures separated by commas; alpha is 0.001, z = 3.090232.
suppressMessages(library(surveillance))
given <- commandArgs(trailingOnly = TRUE)
series <- as.numeric(strsplit(given[3], ",")[[1]])
first <- if (given[1] == "C1") 8 else 10
days <- first:length(series)
counted <- sts(observed = series, epoch = seq_along(series))
found <- earsC(counted, control = list(range = days, method = given[1], baseline = 7, minSigma = as.numeric(given[2]),
                                       alpha = 0.001))
cat(sprintf("%s %d %.9f\n", given[1], days, as.numeric(upperbound(found))), sep = "")
