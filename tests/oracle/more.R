# What no package gives as tests want it, worked out by R's own functions: one line a day, "method day figure".
# Rscript more.R METHOD SERIES, the series as figures separated by commas.
# C2 and C3 are the statistics of CDC's EARS: days before t-2 by mean and sd; C3 is the sum of what the last three of C2 exceed 1 by.
# U0 and T are ears_t of ECDC's epitweetr at 0.975, without and with past surges weighted down, by lm and rstudent.
given <- commandArgs(trailingOnly = TRUE)
y <- as.numeric(strsplit(given[2], ",")[[1]])
c2 <- function(t) (y[t] - mean(y[(t - 9):(t - 3)])) / sd(y[(t - 9):(t - 3)])
bound <- function(t, weighted) {
  past <- y[(t - 7):(t - 1)]
  n <- length(past)
  w <- rep(1, n)
  if (weighted) {
    r <- rstudent(lm(past ~ 1))
    q <- qt(0.95, n - 2)
    w <- ifelse(r > q, (q / r)^4, 1)
    w <- w * n / sum(w)
  }
  fit <- lm(past ~ 1, weights = w)
  coef(fit)[[1]] + qt(0.975, n - 1) * summary(fit)$sigma * sqrt(1 + 1 / n)
}
figure <- switch(given[1],
  C2 = c2,
  C3 = function(t) sum(pmax(0, sapply(t - 0:2, c2) - 1)),
  U0 = function(t) bound(t, FALSE),
  T = function(t) bound(t, TRUE)
)
first <- c(C2 = 10, C3 = 12, U0 = 8, T = 8)[[given[1]]]
for (t in first:length(y)) cat(sprintf("%s %d %.9f\n", given[1], t, figure(t)))
