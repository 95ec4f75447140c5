// Every row within a Hamming distance of a hash.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "segment.h"

namespace answerable {

struct Found {
    std::uint64_t id;
    std::uint16_t distance;
};

// Appends to `found` every live row of the segment within `threshold` (0 to kMaxThreshold) bits, each once.
void search(const Segment& segment, const Hash& asked, int threshold, std::vector<Found>& found);

// Likewise for a tail, by looking at every row of it.
void search(const Tail& tail, const Hash& asked, int threshold, std::vector<Found>& found);

}  // namespace answerable
