// From samples to 64 x 64 blocks: the two banded products, in as wide instructions as the machine has.
//
// Every variant is the same code, compiled for another instruction set. Sums are taken in an order that does not
// depend on the width, and products are not fused with them (-ffp-contract=off), so that all give the same bits.
#include <algorithm>

#include "pdq.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define ANSWERABLE_X86 1
#endif

namespace answerable::pdq {
namespace {

constexpr std::size_t kTile = 4096;  // samples of a row taken at a time: their sums stay in the nearest cache
constexpr std::size_t kLanes = 16;   // partial sums of a dot product, whatever the width of the instructions

// sums[x] += weights of rows * rows[x], four rows at a time.
template <typename Sample>
[[gnu::always_inline]] inline void add_rows(float* __restrict__ sums, std::size_t width, const Sample* first,
                                            std::ptrdiff_t stride, const float* weights, std::size_t count) {
    const auto at = [&](std::size_t k) {
        return reinterpret_cast<const Sample*>(reinterpret_cast<const char*>(first) +
                                               static_cast<std::ptrdiff_t>(k) * stride);
    };
    std::size_t k = 0;
    for (; k + 4 <= count; k += 4) {
        const Sample *a = at(k), *b = at(k + 1), *c = at(k + 2), *d = at(k + 3);
        const float wa = weights[k], wb = weights[k + 1], wc = weights[k + 2], wd = weights[k + 3];
        for (std::size_t x = 0; x < width; ++x)
            sums[x] = (((sums[x] + wa * static_cast<float>(a[x])) + wb * static_cast<float>(b[x])) +
                       wc * static_cast<float>(c[x])) +
                      wd * static_cast<float>(d[x]);
    }
    for (; k < count; ++k) {
        const Sample* a = at(k);
        const float wa = weights[k];
        for (std::size_t x = 0; x < width; ++x) sums[x] += wa * static_cast<float>(a[x]);
    }
}

[[gnu::always_inline]] inline float dot(const float* values, const float* weights, std::size_t count) {
    if (count < 2 * kLanes) {  // short runs: gathering the lanes would cost more than the sum
        float sum = 0.0f;
        for (std::size_t x = 0; x < count; ++x) sum += values[x] * weights[x];
        return sum;
    }
    float lanes[kLanes] = {};
    std::size_t x = 0;
    for (; x + kLanes <= count; x += kLanes)
        for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += values[x + k] * weights[x + k];
    for (std::size_t k = 0; x + k < count; ++k) lanes[k] += values[x + k] * weights[x + k];
    for (std::size_t half = kLanes / 2; half > 0; half /= 2)
        for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
    return lanes[0];
}

// What one filling takes and makes: a block for each way in which the columns may run.
struct Filling {
    const Weights& rows;
    std::vector<const Weights*> columns;
    std::vector<Block> blocks;
    std::vector<float> sums;
};

template <typename Sample>
[[gnu::always_inline]] inline void fill_blocks(const Plane<Sample>& plane, Filling& filling) {
    const Weights& rows = filling.rows;
    const std::size_t samples = plane.width * plane.channels;
    float* const sums = filling.sums.data();
    for (std::size_t i = 0; i < kBlock; ++i) {
        std::fill(sums, sums + samples, 0.0f);
        const auto* top = reinterpret_cast<const char*>(plane.data) +
                          static_cast<std::ptrdiff_t>(rows.first[i]) * plane.stride;
        for (std::size_t x = 0; x < samples; x += kTile)
            add_rows(sums + x, std::min(kTile, samples - x), reinterpret_cast<const Sample*>(top) + x, plane.stride,
                     rows.values.data() + rows.start[i], rows.count[i]);
        // Blurring is linear: the three colours become luma after it, on 64 rows instead of all.
        if (plane.channels == 3)
            for (std::size_t x = 0; x < plane.width; ++x)
                sums[x] = (0.299f * sums[3 * x] + 0.587f * sums[3 * x + 1]) + 0.114f * sums[3 * x + 2];
        for (std::size_t way = 0; way < filling.columns.size(); ++way) {
            const Weights& columns = *filling.columns[way];
            for (std::size_t j = 0; j < kBlock; ++j)
                filling.blocks[way][i][j] =
                    dot(sums + columns.first[j], columns.values.data() + columns.start[j], columns.count[j]);
        }
    }
}

template <typename Sample>
using Fill = void (*)(const Plane<Sample>&, Filling&);

template <typename Sample>
void fill_portable(const Plane<Sample>& plane, Filling& filling) {
    fill_blocks(plane, filling);
}

#ifdef ANSWERABLE_X86
template <typename Sample>
[[gnu::target("avx2")]] void fill_avx2(const Plane<Sample>& plane, Filling& filling) {
    fill_blocks(plane, filling);
}

template <typename Sample>
[[gnu::target("avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512")]] void fill_avx512(
    const Plane<Sample>& plane, Filling& filling) {
    fill_blocks(plane, filling);
}
#endif

template <typename Sample>
Fill<Sample> fill_of(const std::string& variant) {
#ifdef ANSWERABLE_X86
    if (variant == "avx512") return fill_avx512<Sample>;
    if (variant == "avx2") return fill_avx2<Sample>;
#endif
    return fill_portable<Sample>;
}

std::vector<std::string> found_variants() {
    std::vector<std::string> found;
#ifdef ANSWERABLE_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        found.emplace_back("avx512");
    if (__builtin_cpu_supports("avx2")) found.emplace_back("avx2");
#endif
    found.emplace_back("portable");
    return found;
}

}  // namespace

const std::vector<std::string>& pdq_variants() {
    static const std::vector<std::string> found = found_variants();
    return found;
}

template <typename Sample>
Pdq pdq_of(const Plane<Sample>& plane, std::size_t height, std::size_t width, std::size_t scale, Turn shown,
           std::size_t turns, const std::string& variant) {
    if (height < kSmallest || width < kSmallest) return {std::vector<Hash>(turns, Hash{}), 0, 0.0f};
    const auto fill = fill_of<Sample>(variant.empty() ? pdq_variants().front() : variant);
    // The rows and the columns each run forwards, backwards, or both in turn: four blocks, and each transposed.
    const auto ways = turns == 1 ? 1u : 2u;
    std::array<std::shared_ptr<const Weights>, 2> columns;
    for (std::size_t way = 0; way < ways; ++way)
        columns[way] = weights_of({width, scale, shown.columns_reversed != (way == 1)});
    std::array<std::array<Hashed, 2>, 2> found{};
    Pdq pdq;
    for (std::size_t way = 0; way < ways; ++way) {
        const auto rows = weights_of({height, scale, shown.rows_reversed != (way == 1)});
        Filling filling{*rows, {}, std::vector<Block>(ways), std::vector<float>(plane.width * plane.channels)};
        for (std::size_t k = 0; k < ways; ++k) filling.columns.push_back(columns[k].get());
        fill(plane, filling);
        if (way == 0) pdq.quality = quality_of(filling.blocks[0]);
        for (std::size_t k = 0; k < ways; ++k) found[way][k] = hashed(filling.blocks[k]);
    }
    pdq.margin = found[0][0].margin;
    for (std::size_t k = 0; k < turns; ++k) {
        const Turn turn = shown.then(kTurns[k]);
        const Hashed& bits = found[turn.rows_reversed != shown.rows_reversed][turn.columns_reversed != shown.columns_reversed];
        pdq.hashes.push_back(turn.transposed ? bits.transposed : bits.plain);
    }
    return pdq;
}

template Pdq pdq_of(const Plane<std::uint8_t>&, std::size_t, std::size_t, std::size_t, Turn, std::size_t,
                    const std::string&);
template Pdq pdq_of(const Plane<float>&, std::size_t, std::size_t, std::size_t, Turn, std::size_t, const std::string&);

}  // namespace answerable::pdq
