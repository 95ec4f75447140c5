// From the 64 x 64 block to its cosine transform, its bits and its quality; and how turns combine.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "pdq.h"

namespace answerable::pdq {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::size_t kNearest = 4;  // the nearest of all is the median itself
using Spectrum = std::array<std::array<float, kHashed>, kHashed>;
using Cosines = std::array<std::array<float, kBlock>, kHashed>;

Cosines made_cosines() {
    Cosines cosines{};
    const float scale = static_cast<float>(std::sqrt(2.0 / kBlock));  // rounded here, as the reference rounds it
    for (std::size_t i = 0; i < kHashed; ++i)
        for (std::size_t j = 0; j < kBlock; ++j)
            cosines[i][j] = static_cast<float>(
                scale * std::cos(kPi / (2.0 * kBlock) * static_cast<double>((i + 1) * (2 * j + 1))));
    return cosines;
}

using Columns = std::array<std::array<float, kHashed>, kBlock>;

Columns made_columns(const Cosines& cosines) {
    Columns columns{};
    for (std::size_t i = 0; i < kHashed; ++i)
        for (std::size_t j = 0; j < kBlock; ++j) columns[j][i] = cosines[i][j];
    return columns;
}

// Frequencies 1 to 16 on both axes: there is no constant term, so brightness moves no bit.
Spectrum spectrum_of(const Block& block) {
    static const Cosines cosines = made_cosines();
    std::array<std::array<float, kBlock>, kHashed> half{};
    for (std::size_t i = 0; i < kHashed; ++i)
        for (std::size_t k = 0; k < kBlock; ++k)
            for (std::size_t j = 0; j < kBlock; ++j) half[i][j] += cosines[i][k] * block[k][j];
    static const Columns columns = made_columns(cosines);
    Spectrum spectrum{};
    for (std::size_t i = 0; i < kHashed; ++i) {
        for (std::size_t k = 0; k < kBlock; ++k)
            for (std::size_t j = 0; j < kHashed; ++j) spectrum[i][j] += half[i][k] * columns[k][j];
        for (float& value : spectrum[i])
            if (!std::isfinite(value)) value = 0.0f;  // what is no number can't be ordered
    }
    return spectrum;
}

// Bit 16 i + j tells whether a coefficient lies above the median (the 128th of 256). The bytes run from bit 255 down.
void set(Hash& hash, std::size_t i, std::size_t j) {
    const std::size_t bit = i * kHashed + j;
    hash[kHashBytes - 1 - bit / 8] |= static_cast<std::uint8_t>(1u << (bit % 8));
}

}  // namespace

Turn Turn::of_orientation(int orientation) {
    switch (orientation) {
        case 1: return {false, false, false};
        case 2: return {false, false, true};
        case 3: return {false, true, true};
        case 4: return {false, true, false};
        case 5: return {true, false, false};
        case 6: return {true, true, false};
        case 7: return {true, true, true};
        case 8: return {true, false, true};
        default: throw std::invalid_argument("an EXIF orientation is one of 1 to 8");
    }
}

Turn Turn::then(Turn next) const {
    // Rows of the transposed are columns of what it was made of.
    const bool rows = transposed ? next.columns_reversed : next.rows_reversed;
    const bool columns = transposed ? next.rows_reversed : next.columns_reversed;
    return {transposed != next.transposed, rows_reversed != rows, columns_reversed != columns};
}

Hashed hashed(const Block& block) {
    const Spectrum spectrum = spectrum_of(block);
    std::array<float, kHashed * kHashed> ordered;
    for (std::size_t i = 0; i < kHashed; ++i)
        std::copy(spectrum[i].begin(), spectrum[i].end(), ordered.begin() + static_cast<std::ptrdiff_t>(i * kHashed));
    const auto median = ordered.begin() + kHashed * kHashed / 2 - 1;
    std::nth_element(ordered.begin(), median, ordered.end());
    Hashed bits{};
    for (std::size_t i = 0; i < kHashed; ++i)
        for (std::size_t j = 0; j < kHashed; ++j)
            if (spectrum[i][j] > *median) {
                set(bits.plain, i, j);
                set(bits.transposed, j, i);
            }
    const float middle = *median;
    for (float& value : ordered) value = std::abs(value - middle);
    std::nth_element(ordered.begin(), ordered.begin() + kNearest, ordered.end());
    bits.margin = ordered[kNearest];
    return bits;
}

// The reference's measure: how much neighbours differ, each difference cut to a hundredth of the range.
int quality_of(const Block& block) {
    const auto step = [](float one, float other) {
        const float hundredths = (one - other) * 100.0f / 255.0f;
        // What is no number fails the comparison and counts nothing.
        return std::abs(hundredths) < 1000.0f ? std::abs(static_cast<int>(hundredths)) : 0;
    };
    int sum = 0;
    for (std::size_t i = 0; i + 1 < kBlock; ++i)
        for (std::size_t j = 0; j < kBlock; ++j)
            sum += step(block[i][j], block[i + 1][j]) + step(block[j][i], block[j][i + 1]);
    return std::min(100, sum / 90);
}

}  // namespace answerable::pdq
