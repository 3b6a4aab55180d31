#!/usr/bin/env python3
"""sep-CMA-ES here beside the `cmaes` package: generations per second on the same function, interleaved.

    bench/cma.py BENCH_PROGRAM [ROUNDS]

Each round runs both for the same dimension, population, sigma and number of generations; printed are medians, their
ratio with its spread over rounds, and the value that both have reached (different random numbers: alike, not equal).
"""
import statistics
import subprocess
import sys
import time

import numpy as np
from cmaes import SepCMA

CASES = [(5184, 30, 200), (640, 24, 400)]


def theirs(n, population, generations):
    optimiser = SepCMA(mean=np.ones(n), sigma=0.1, population_size=population, seed=1)
    began = time.perf_counter()
    for _ in range(generations):
        told = []
        for _ in range(population):
            x = optimiser.ask()
            told.append((x, float(x @ x)))
        optimiser.tell(told)
    return generations / (time.perf_counter() - began), float(optimiser._mean @ optimiser._mean)


def ours(program, n, population, generations):
    out = subprocess.run([program, str(n), str(population), str(generations)], check=True, capture_output=True, text=True)
    rate, value = out.stdout.split()
    return float(rate), float(value)


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(f"{'n':>6} {'population':>10} {'baton gen/s':>12} {'cmaes gen/s':>12} {'ratio':>6}  spread of the ratio   value: baton, cmaes")
    for n, population, generations in CASES:
        pairs = [(ours(program, n, population, generations), theirs(n, population, generations)) for _ in range(rounds)]
        ratios = [a[0] / b[0] for a, b in pairs]
        a, b = (statistics.median(p[i][0] for p in pairs) for i in (0, 1))
        print(f"{n:>6} {population:>10} {a:>12.1f} {b:>12.1f} {statistics.median(ratios):>6.2f}  {min(ratios):.2f} to {max(ratios):.2f}"
              f"           {pairs[0][0][1]:.4g}, {pairs[0][1][1]:.4g}")


if __name__ == "__main__":
    main()
