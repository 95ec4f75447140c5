// Hashes as the index holds them: 256 bits, spread over sixteen chunks by a fixed permutation.
//
// Neighbouring bits of a perceptual hash depend on each other (in PDQ, sixteen in a row are one row of the cosine
// transform), so chunks cut as they stand would be skewed. The permutation changes no distance.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace answerable {

inline constexpr int kChunks = 16;
inline constexpr int kHashBytes = 32;
inline constexpr int kWords = 4;
inline constexpr int kMaxThreshold = 63;

struct Hash {
    std::uint64_t words[kWords];

    std::uint16_t chunk(int number) const {
        return static_cast<std::uint16_t>(words[number >> 2] >> (16 * (number & 3)));
    }
};
static_assert(sizeof(Hash) == kHashBytes);

// The hash with its bits at their places in the index.
Hash spread(const std::uint8_t* hash);

}  // namespace answerable
