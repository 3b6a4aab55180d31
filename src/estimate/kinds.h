// Inside estimate/: the functions that fit.cc's table of kinds names. Fitting: the table has been checked.
// Reading: fails the reader (and gives null or anything) for bytes that no Save() wrote.
#pragma once

#include <memory>

#include "estimate/estimator.h"

namespace baton::estimate {

std::unique_ptr<Estimator> FitNeighbours(const Table& table, const FitOptions& options);
std::unique_ptr<Estimator> ReadNeighbours(ByteReader* in);
std::unique_ptr<Estimator> FitClusters(const Table& table, const FitOptions& options);
std::unique_ptr<Estimator> ReadClusters(ByteReader* in);
// Four shapes of one network.
std::unique_ptr<Estimator> FitLogistic(const Table& table, const FitOptions& options);
std::unique_ptr<Estimator> FitFactors(const Table& table, const FitOptions& options);
std::unique_ptr<Estimator> FitPerceptron(const Table& table, const FitOptions& options);
std::unique_ptr<Estimator> FitItemResponse(const Table& table, const FitOptions& options);
std::unique_ptr<Estimator> ReadNetwork(ByteReader* in);
std::unique_ptr<Estimator> FitStack(const Table& table, const FitOptions& options);
std::unique_ptr<Estimator> ReadStack(ByteReader* in);

}  // namespace baton::estimate
