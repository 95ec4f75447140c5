#include "bits.h"

namespace answerable {
namespace {

// Tables[nibble][value]: what four bits of a hash become. 32 KB: it stays in the first cache.
struct Tables {
    Hash of[2 * kHashBytes][16];

    Tables() {
        std::array<std::uint8_t, 256> place;
        for (int bit = 0; bit < 256; ++bit) place[bit] = static_cast<std::uint8_t>(bit);
        std::uint64_t state = 0x416e73776572616bULL;  // part of the format: another seed is another format
        for (int left = 255; left > 0; --left) {
            state += 0x9e3779b97f4a7c15ULL;  // splitmix64
            std::uint64_t mixed = state;
            mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
            mixed ^= mixed >> 31;
            std::swap(place[left], place[mixed % (left + 1)]);
        }
        std::memset(of, 0, sizeof of);
        for (int nibble = 0; nibble < 2 * kHashBytes; ++nibble) {
            for (int value = 0; value < 16; ++value) {
                for (int bit = 0; bit < 4; ++bit) {
                    if (value >> bit & 1) {
                        const int to = place[4 * nibble + bit];
                        of[nibble][value].words[to >> 6] |= 1ULL << (to & 63);
                    }
                }
            }
        }
    }
};

}  // namespace

Hash spread(const std::uint8_t* hash) {
    static const Tables tables;
    Hash out{};
    for (int byte = 0; byte < kHashBytes; ++byte) {
        const Hash& low = tables.of[2 * byte][hash[byte] & 15];
        const Hash& high = tables.of[2 * byte + 1][hash[byte] >> 4];
        for (int word = 0; word < kWords; ++word) out.words[word] |= low.words[word] | high.words[word];
    }
    return out;
}

}  // namespace answerable
