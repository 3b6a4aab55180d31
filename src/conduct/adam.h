// Steps of Adam (Kingma and Ba, 2015) uphill.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace baton::conduct {

class Adam {
 public:
  Adam(std::size_t n, double rate) : m_(n, 0), v_(n, 0), rate_(rate) {}
  // REQUIRES: both of the size it was made for. A gradient that is no number moves nothing.
  void Step(const std::vector<double>& gradient, std::vector<float>* at) {
    for (const double g : gradient) {
      if (!std::isfinite(g)) return;
    }
    ++t_;
    const double ahead = 1 - std::pow(0.9, t_), behind = 1 - std::pow(0.999, t_);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      m_[i] = 0.9 * m_[i] + 0.1 * gradient[i];
      v_[i] = 0.999 * v_[i] + 0.001 * gradient[i] * gradient[i];
      (*at)[i] += static_cast<float>(rate_ * (m_[i] / ahead) / (std::sqrt(v_[i] / behind) + 1e-8));
    }
  }

 private:
  std::vector<double> m_, v_;
  double rate_;
  int t_ = 0;
};

}  // namespace baton::conduct
