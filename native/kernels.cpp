#include "kernels.h"

#include <atomic>
#include <bit>
#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace answerable {
namespace {

inline int distance(const Hash& a, const Hash& b) {
    int bits = 0;
    for (int word = 0; word < kWords; ++word) bits += std::popcount(a.words[word] ^ b.words[word]);
    return bits;
}

// ---- portable ----------------------------------------------------------------------------------------------------

// Four signatures in one word, counted side by side.
std::uint32_t scan_portable(const std::uint16_t* signatures, std::uint32_t count, std::uint16_t asked, int limit,
                            std::uint32_t first, std::uint32_t* hits) {
    constexpr std::uint64_t kOnes = 0x0001000100010001ULL;
    const std::uint64_t query = kOnes * asked;
    const std::uint64_t limits = kOnes * (0x8000u + static_cast<unsigned>(limit));
    std::uint32_t found = 0;
    for (std::uint32_t at = 0; at < count; at += 4) {
        std::uint64_t bits;
        std::memcpy(&bits, signatures + at, sizeof bits);
        bits ^= query;
        bits -= bits >> 1 & 0x5555555555555555ULL;
        bits = (bits & 0x3333333333333333ULL) + (bits >> 2 & 0x3333333333333333ULL);
        bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
        bits = (bits + (bits >> 8)) & 0x00ff00ff00ff00ffULL;
        std::uint64_t near = (limits - bits) & 0x8000800080008000ULL;
        if (count - at < 4) near &= (1ULL << 16 * (count - at)) - 1;
        while (near) {
            hits[found++] = first + at + (std::countr_zero(near) >> 4);
            near &= near - 1;
        }
    }
    return found;
}

// Reads the upper bits once, from the bucket's start on.
[[gnu::always_inline]] inline std::uint32_t number_rows(const std::uint64_t* upper, std::size_t words,
                                                        const std::uint16_t* lower, std::uint64_t begin,
                                                        std::uint32_t first, const std::uint32_t* hits,
                                                        std::uint32_t count, std::uint32_t* rows) {
    std::size_t word = begin >> 6;
    std::uint64_t bits = upper[word] & (~0ULL << (begin & 63));
    std::uint32_t passed = 0;  // entries of the bucket whose bits have been cleared
    for (std::uint32_t hit = 0; hit < count; ++hit) {
        const std::uint32_t place = hits[hit] - first;
        for (std::uint32_t ones; passed + (ones = static_cast<std::uint32_t>(std::popcount(bits))) <= place;) {
            passed += ones;
            if (++word == words) return hit;
            bits = upper[word];
        }
        for (; passed < place; ++passed) bits &= bits - 1;
        const std::uint64_t bit = (word << 6) + static_cast<std::uint64_t>(std::countr_zero(bits));
        rows[hit] = static_cast<std::uint32_t>((bit - begin - place) << 16 | lower[hits[hit]]);
    }
    return count;
}

std::uint32_t number_portable(const std::uint64_t* upper, std::size_t words, const std::uint16_t* lower,
                              std::uint64_t begin, std::uint32_t first, const std::uint32_t* hits,
                              std::uint32_t count, std::uint32_t* rows) {
    return number_rows(upper, words, lower, begin, first, hits, count, rows);
}

void measure_portable(const Hash* hashes, const std::uint32_t* rows, std::uint32_t count, const Hash& asked,
                      std::uint16_t* distances) {
    for (std::uint32_t at = 0; at < count; ++at) {
        distances[at] = static_cast<std::uint16_t>(distance(hashes[rows[at]], asked));
    }
}

inline std::uint32_t sweep_words(const std::uint64_t* columns, std::uint32_t stride, std::uint32_t from,
                                 std::uint32_t count, const Hash& asked, int limit, std::uint32_t* hits,
                                 std::uint16_t* distances, std::uint32_t found) {
    for (std::uint32_t row = from; row < count; ++row) {
        int bits = 0;
        for (int word = 0; word < kWords; ++word) {
            bits += std::popcount(columns[std::size_t{stride} * word + row] ^ asked.words[word]);
        }
        if (bits <= limit) {
            hits[found] = row;
            distances[found++] = static_cast<std::uint16_t>(bits);
        }
    }
    return found;
}

std::uint32_t sweep_portable(const std::uint64_t* columns, std::uint32_t stride, std::uint32_t count,
                             const Hash& asked, int limit, std::uint32_t* hits, std::uint16_t* distances) {
    return sweep_words(columns, stride, 0, count, asked, limit, hits, distances, 0);
}

constexpr Kernels kPortable{"portable", scan_portable, number_portable, measure_portable, sweep_portable};

// ---- x86-64 ------------------------------------------------------------------------------------------------------
#if defined(__x86_64__)

__attribute__((target("avx2,popcnt,bmi"))) std::uint32_t scan_avx2(const std::uint16_t* signatures,
                                                                   std::uint32_t count, std::uint16_t asked, int limit,
                                                                   std::uint32_t first, std::uint32_t* hits) {
    const __m256i query = _mm256_set1_epi16(static_cast<short>(asked));
    const __m256i over = _mm256_set1_epi16(static_cast<short>(limit));
    const __m256i low = _mm256_set1_epi8(15);
    const __m256i ones = _mm256_set1_epi8(1);
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    std::uint32_t found = 0;
    for (std::uint32_t at = 0; at < count; at += 16) {
        const __m256i bits =
            _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(signatures + at)), query);
        const __m256i lower = _mm256_shuffle_epi8(counts, _mm256_and_si256(bits, low));
        const __m256i upper = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(bits, 4), low));
        const __m256i sums = _mm256_maddubs_epi16(_mm256_add_epi8(lower, upper), ones);
        std::uint32_t near = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi16(sums, over)));
        near &= 0x55555555u;
        if (count - at < 16) near &= (1u << 2 * (count - at)) - 1;
        while (near) {
            hits[found++] = first + at + (static_cast<std::uint32_t>(std::countr_zero(near)) >> 1);
            near &= near - 1;
        }
    }
    return found;
}

__attribute__((target("popcnt,bmi"))) std::uint32_t number_popcnt(const std::uint64_t* upper, std::size_t words,
                                                                  const std::uint16_t* lower, std::uint64_t begin,
                                                                  std::uint32_t first, const std::uint32_t* hits,
                                                                  std::uint32_t count, std::uint32_t* rows) {
    return number_rows(upper, words, lower, begin, first, hits, count, rows);
}

__attribute__((target("popcnt"))) void measure_popcnt(const Hash* hashes, const std::uint32_t* rows,
                                                      std::uint32_t count, const Hash& asked,
                                                      std::uint16_t* distances) {
    for (std::uint32_t at = 0; at < count; ++at) {
        const Hash& hash = hashes[rows[at]];
        std::uint64_t bits = 0;
        for (int word = 0; word < kWords; ++word) {
            bits += static_cast<std::uint64_t>(_mm_popcnt_u64(hash.words[word] ^ asked.words[word]));
        }
        distances[at] = static_cast<std::uint16_t>(bits);
    }
}

__attribute__((target("popcnt"))) std::uint32_t sweep_popcnt(const std::uint64_t* columns, std::uint32_t stride,
                                                             std::uint32_t count, const Hash& asked, int limit,
                                                             std::uint32_t* hits, std::uint16_t* distances) {
    std::uint32_t found = 0;
    for (std::uint32_t row = 0; row < count; ++row) {
        std::uint64_t bits = 0;
        for (int word = 0; word < kWords; ++word) {
            bits += static_cast<std::uint64_t>(
                _mm_popcnt_u64(columns[std::size_t{stride} * word + row] ^ asked.words[word]));
        }
        if (bits <= static_cast<std::uint64_t>(limit)) {
            hits[found] = row;
            distances[found++] = static_cast<std::uint16_t>(bits);
        }
    }
    return found;
}

constexpr Kernels kAvx2{"avx2", scan_avx2, number_popcnt, measure_popcnt, sweep_popcnt};

#define ANSWERABLE_AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512bitalg,avx512vpopcntdq,popcnt,bmi")))

ANSWERABLE_AVX512 std::uint32_t scan_avx512(const std::uint16_t* signatures, std::uint32_t count,
                                            std::uint16_t asked, int limit, std::uint32_t first,
                                            std::uint32_t* hits) {
    const __m512i query = _mm512_set1_epi16(static_cast<short>(asked));
    const __m512i most = _mm512_set1_epi16(static_cast<short>(limit));
    std::uint32_t found = 0;
    for (std::uint32_t at = 0; at < count; at += 32) {
        const __m512i bits = _mm512_xor_si512(_mm512_loadu_si512(signatures + at), query);
        std::uint32_t near = _mm512_cmple_epu16_mask(_mm512_popcnt_epi16(bits), most);
        if (count - at < 32) near &= (1u << (count - at)) - 1;
        while (near) {
            hits[found++] = first + at + static_cast<std::uint32_t>(std::countr_zero(near));
            near &= near - 1;
        }
    }
    return found;
}

ANSWERABLE_AVX512 std::uint32_t sweep_avx512(const std::uint64_t* columns, std::uint32_t stride, std::uint32_t count,
                                             const Hash& asked, int limit, std::uint32_t* hits,
                                             std::uint16_t* distances) {
    const __m512i most = _mm512_set1_epi64(limit);
    __m512i query[kWords];
    for (int word = 0; word < kWords; ++word) {
        query[word] = _mm512_set1_epi64(static_cast<long long>(asked.words[word]));
    }
    std::uint32_t found = 0;
    std::uint32_t row = 0;
    for (; row + 8 <= count; row += 8) {
        __m512i sum = _mm512_setzero_si512();
        for (int word = 0; word < kWords; ++word) {
            const __m512i held = _mm512_loadu_si512(columns + std::size_t{stride} * word + row);
            sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_xor_si512(held, query[word])));
        }
        unsigned near = _mm512_cmple_epu64_mask(sum, most);
        if (near) {
            alignas(64) std::uint64_t sums[8];
            _mm512_store_si512(sums, sum);
            for (; near; near &= near - 1) {
                const int lane = std::countr_zero(near);
                hits[found] = row + static_cast<std::uint32_t>(lane);
                distances[found++] = static_cast<std::uint16_t>(sums[lane]);
            }
        }
    }
    return sweep_words(columns, stride, row, count, asked, limit, hits, distances, found);
}

constexpr Kernels kAvx512{"avx512", scan_avx512, number_popcnt, measure_popcnt, sweep_avx512};

// ---- arm64 -------------------------------------------------------------------------------------------------------
#elif defined(__aarch64__)

std::uint32_t scan_neon(const std::uint16_t* signatures, std::uint32_t count, std::uint16_t asked, int limit,
                        std::uint32_t first, std::uint32_t* hits) {
    const uint16x8_t query = vdupq_n_u16(asked);
    const uint16x8_t most = vdupq_n_u16(static_cast<std::uint16_t>(limit));
    std::uint32_t found = 0;
    for (std::uint32_t at = 0; at < count; at += 8) {
        const uint16x8_t bits = veorq_u16(vld1q_u16(signatures + at), query);
        const uint16x8_t sums = vpaddlq_u8(vcntq_u8(vreinterpretq_u8_u16(bits)));
        std::uint64_t near = vget_lane_u64(vreinterpret_u64_u8(vmovn_u16(vcleq_u16(sums, most))), 0);
        near &= 0x0101010101010101ULL;
        if (count - at < 8) near &= (1ULL << 8 * (count - at)) - 1;
        while (near) {
            hits[found++] = first + at + (static_cast<std::uint32_t>(std::countr_zero(near)) >> 3);
            near &= near - 1;
        }
    }
    return found;
}

constexpr Kernels kNeon{"neon", scan_neon, number_portable, measure_portable, sweep_portable};  // popcount is an instruction there

#endif

std::vector<const Kernels*> find_available() {
    std::vector<const Kernels*> found;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq")) {
        found.push_back(&kAvx512);
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi")) {
        found.push_back(&kAvx2);
    }
#elif defined(__aarch64__)
    found.push_back(&kNeon);
#endif
    found.push_back(&kPortable);
    return found;
}

std::atomic<const Kernels*> in_use{nullptr};

}  // namespace

const std::vector<const Kernels*>& available_kernels() {
    static const std::vector<const Kernels*> found = find_available();
    return found;
}

const Kernels& kernels() {
    const Kernels* chosen = in_use.load(std::memory_order_relaxed);
    return chosen ? *chosen : *available_kernels().front();
}

bool use_kernels(std::string_view name) {
    for (const Kernels* one : available_kernels()) {
        if (name == one->name) {
            in_use.store(one, std::memory_order_relaxed);
            return true;
        }
    }
    return false;
}

}  // namespace answerable
