// PDQ (the perceptual hash of ThreatExchange) as two banded products over a picture's samples.
//
// PDQ blurs the luma by two passes of a moving mean on each axis, reads 64 x 64 samples of the result, and keeps
// 16 x 16 of their cosine transform. All of that is linear, so the 64 x 64 block is W_h . L . W_w^T, where a row of
// W_n holds the weights with which one sample takes in the n samples of its axis. About one multiply a pixel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

namespace answerable::pdq {

inline constexpr std::size_t kBlock = 64;      // samples a side that are read of the blurred picture
inline constexpr std::size_t kHashed = 16;     // frequencies a side that are hashed
inline constexpr std::size_t kSmallest = 5;    // pixels a side below which the reference hashes nothing
inline constexpr std::size_t kHashBytes = 32;

// The weights of one axis: for each of the 64 samples, a run of `count[i]` weights that begins at `first[i]`.
struct Weights {
    std::array<std::size_t, kBlock> first{}, count{}, start{};
    std::vector<float> values;  // the run of sample i is values[start[i]] and on
};

// How an axis was stored: `length` pixels, decoded by `scale` (each stored sample is the mean of so many pixels, the
// last of what is left), perhaps running backwards from what is shown.
struct Axis {
    std::size_t length = 0;
    std::size_t scale = 1;
    bool reversed = false;
};

std::shared_ptr<const Weights> weights_of(const Axis& axis);

// Samples in memory: rows of `width` groups of `channels` samples, `stride` bytes from row to row (may be negative).
template <typename Sample>
struct Plane {
    const Sample* data;
    std::size_t height, width, channels;
    std::ptrdiff_t stride;
};

using Block = std::array<std::array<float, kBlock>, kBlock>;

// One of the eight ways to turn a picture: its rows or columns (or both) run backwards, then it is transposed.
struct Turn {
    bool transposed, rows_reversed, columns_reversed;

    // EXIF orientation 1 to 8: how the stored picture is turned to be shown.
    static Turn of_orientation(int orientation);
    Turn then(Turn next) const;
};

// In the reference's order: as it is, turned by 90, 180, 270 degrees (counter-clockwise), both mirrors, both diagonals.
inline constexpr std::array<Turn, 8> kTurns{{
    {false, false, false},
    {true, false, true},
    {false, true, true},
    {true, true, false},
    {false, true, false},
    {false, false, true},
    {true, false, false},
    {true, true, true},
}};

using Hash = std::array<std::uint8_t, kHashBytes>;

// What is hashed of one block: the bits as they are, those of the transposed block, and how safe they are: the margin
// is how far the fourth nearest coefficient lies from the median. Bits turn over in pairs (128 are always set), so an
// error of less than half of that in every coefficient turns over two bits at most.
struct Hashed {
    Hash plain, transposed;
    float margin;
};

struct Pdq {
    std::vector<Hash> hashes;  // of the turns that were asked for, in the order of kTurns
    int quality = 0;
    float margin = 0.0f;
};

Hashed hashed(const Block& block);
int quality_of(const Block& block);

// The instruction sets that this machine can run, best first; all give the same bits.
const std::vector<std::string>& pdq_variants();

// `turns`: 1 for the picture as shown only, 8 for all. Every turn's hash is that of the turned picture, to the bit:
// the reference's own shortcut (signs of the spectrum) is up to 30 bits off, for its samples don't lie symmetrically.
template <typename Sample>
Pdq pdq_of(const Plane<Sample>& plane, std::size_t height, std::size_t width, std::size_t scale, Turn shown,
           std::size_t turns, const std::string& variant);

void bind_pdq(nanobind::module_& module);

}  // namespace answerable::pdq
