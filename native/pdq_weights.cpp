// The weights of one axis, and a small store of those made lately.
#include <algorithm>
#include <list>
#include <mutex>

#include "pdq.h"

namespace answerable::pdq {
namespace {

constexpr std::size_t kKept = 64;            // sizes kept
constexpr std::size_t kLongestKept = 16384;  // samples: at most 64 KiB of weights each

// The moving mean of `window` samples as the reference takes it: output o covers [from(o), to(o)], less at both ends.
struct MovingMean {
    std::ptrdiff_t length, window, half;

    explicit MovingMean(std::size_t n)
        : length(static_cast<std::ptrdiff_t>(n)),
          window((length + 2 * static_cast<std::ptrdiff_t>(kBlock) - 1) / (2 * static_cast<std::ptrdiff_t>(kBlock))),
          half((window + 2) / 2) {}

    std::ptrdiff_t from(std::ptrdiff_t o) const { return std::max<std::ptrdiff_t>(0, o + half - window); }
    std::ptrdiff_t to(std::ptrdiff_t o) const { return std::min(length - 1, o + half - 1); }
    double share(std::ptrdiff_t o) const { return 1.0 / static_cast<double>(to(o) - from(o) + 1); }
};

// One row of the squared moving mean, from its first covered pixel on.
std::vector<double> blurred_twice(const MovingMean& mean, std::ptrdiff_t row, std::ptrdiff_t& first) {
    first = mean.from(mean.from(row));
    const std::ptrdiff_t last = mean.to(mean.to(row));
    std::vector<double> steps(static_cast<std::size_t>(last - first + 2), 0.0);
    for (std::ptrdiff_t k = mean.from(row); k <= mean.to(row); ++k) {
        const double share = mean.share(row) * mean.share(k);
        steps[static_cast<std::size_t>(mean.from(k) - first)] += share;
        steps[static_cast<std::size_t>(mean.to(k) - first + 1)] -= share;
    }
    for (std::size_t j = 1; j < steps.size(); ++j) steps[j] += steps[j - 1];
    steps.pop_back();
    return steps;
}

std::shared_ptr<const Weights> made(const Axis& axis) {
    auto weights = std::make_shared<Weights>();
    const MovingMean mean(axis.length);
    for (std::size_t i = 0; i < kBlock; ++i) {
        // The reference reads sample int((i + 0.5) n / 64).
        const std::size_t row = (2 * i + 1) * axis.length / (2 * kBlock);
        std::ptrdiff_t first = 0;
        std::vector<double> run = blurred_twice(mean, static_cast<std::ptrdiff_t>(row), first);
        std::size_t begin = static_cast<std::size_t>(first);
        if (axis.reversed) {
            std::reverse(run.begin(), run.end());
            begin = axis.length - begin - run.size();
        }
        const std::size_t from = begin / axis.scale, to = (begin + run.size() - 1) / axis.scale;
        std::vector<double> sums(to - from + 1, 0.0);
        for (std::size_t j = 0; j < run.size(); ++j) sums[(begin + j) / axis.scale - from] += run[j];
        weights->first[i] = from;
        weights->count[i] = sums.size();
        weights->start[i] = weights->values.size();
        weights->values.insert(weights->values.end(), sums.begin(), sums.end());
    }
    return weights;
}

struct Kept {
    Axis axis;
    std::shared_ptr<const Weights> weights;
};

std::mutex kept_lock;
std::list<Kept> kept;  // the latest used first

bool same(const Axis& one, const Axis& other) {
    return one.length == other.length && one.scale == other.scale && one.reversed == other.reversed;
}

}  // namespace

std::shared_ptr<const Weights> weights_of(const Axis& axis) {
    if (axis.length > kLongestKept) return made(axis);
    {
        const std::lock_guard<std::mutex> guard(kept_lock);
        for (auto place = kept.begin(); place != kept.end(); ++place)
            if (same(place->axis, axis)) {
                kept.splice(kept.begin(), kept, place);
                return kept.front().weights;
            }
    }
    auto weights = made(axis);  // outside the lock: two threads may make the same, and no one waits
    const std::lock_guard<std::mutex> guard(kept_lock);
    kept.push_front({axis, weights});
    if (kept.size() > kKept) kept.pop_back();
    return weights;
}

}  // namespace answerable::pdq
