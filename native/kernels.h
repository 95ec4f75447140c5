// The inner loops, each in several widths; the widest that the processor has is chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bits.h"

namespace answerable {

struct Kernels {
    const char* name;

    // Which of `count` signatures differ from `asked` in at most `limit` (0 to 15) bits: writes `first` + its place to
    // `hits` (room for `count`), returns how many. May read up to kOverread bytes past the last signature.
    std::uint32_t (*scan)(const std::uint16_t* signatures, std::uint32_t count, std::uint16_t asked, int limit,
                          std::uint32_t first, std::uint32_t* hits);

    // The rows at the entries `hits` of a bucket whose first entry is `first` and whose upper bits begin at the bit
    // `begin` (see segment.h). Fewer than `count`, if the bits end before (`words`): they are damaged.
    std::uint32_t (*number)(const std::uint64_t* upper, std::size_t words, const std::uint16_t* lower,
                            std::uint64_t begin, std::uint32_t first, const std::uint32_t* hits, std::uint32_t count,
                            std::uint32_t* rows);

    // Distances of `count` rows of `hashes` to `asked`.
    void (*measure)(const Hash* hashes, const std::uint32_t* rows, std::uint32_t count, const Hash& asked,
                    std::uint16_t* distances);

    // Like `scan` over whole hashes, held in columns of `stride` words each.
    std::uint32_t (*sweep)(const std::uint64_t* columns, std::uint32_t stride, std::uint32_t count, const Hash& asked,
                           int limit, std::uint32_t* hits, std::uint16_t* distances);
};

inline constexpr std::uint32_t kOverread = 64;

// All that this processor can run, widest first. The last one is portable.
const std::vector<const Kernels*>& available_kernels();

// The one in use: the widest, or what `use_kernels` named (for tests and benchmarks; false for an unknown name).
const Kernels& kernels();
bool use_kernels(std::string_view name);

}  // namespace answerable
