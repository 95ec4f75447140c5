// How it finds them all by looking at few.
//
// Let d(0)..d(15) be the distances of the sixteen chunks of a row to those of the query, and give each chunk a budget
// b(c) with sum T + 1. If the row is within T bits, then, going round the ring of chunks, some start s has
//     d(s) + d(s+1) + … + d(s+l-1)  <  b(s) + b(s+1) + … + b(s+l-1)     for every l from 1 to 16,
// because the d(c) - b(c) sum to less than 0, and a ring of numbers with a negative sum has a start from where every
// partial sum is negative (the cycle lemma; as a search principle: Qin & Xiao, "Pigeonring", VLDB 2018). So for each
// chunk it is enough to take the rows whose chunk differs in fewer than b(c) bits (l = 1), the buckets around the
// query's, and of those the ones whose next chunk, the signature that lies in the bucket, keeps the sum of both below
// b(c) + b(c+1) (l = 2). At T = 31 all budgets are 2: 272 buckets are read from front to back, at ten million random
// rows some 41,500 signatures, and about 110 rows are left to be measured whole. Nothing within T can be missed,
// whatever the budgets, so they may follow the data: where many rows share a chunk's value (a bucket of 100,000), that
// chunk gets a smaller budget and others a larger one.
#include "search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "kernels.h"

namespace answerable {
namespace {

constexpr int kMostBudget = 5;  // 2,517 buckets
constexpr std::uint32_t kBlock = 256;

// All patterns of `bits` bits with fewer than kMostBudget ones, by the number of ones; `upto[b]` of them have fewer
// than b.
struct Ball {
    std::vector<std::uint16_t> patterns;
    std::array<std::uint32_t, kMostBudget + 1> upto{};

    explicit Ball(int bits) {
        for (int ones = 0; ones < kMostBudget; ++ones) {
            for (std::uint32_t pattern = 0; pattern < 1u << bits; ++pattern) {
                if (std::popcount(pattern) == ones) patterns.push_back(static_cast<std::uint16_t>(pattern));
            }
            upto[ones + 1] = static_cast<std::uint32_t>(patterns.size());
        }
    }
};

const Ball& ball(int bits) {
    static const std::array<Ball, 9> balls{Ball(8),  Ball(9),  Ball(10), Ball(11), Ball(12),
                                           Ball(13), Ball(14), Ball(15), Ball(16)};
    return balls[static_cast<std::size_t>(bits - 8)];
}

using Budgets = std::array<std::uint8_t, kChunks>;

struct Range {
    std::uint32_t bucket;
    std::uint32_t first;
    std::uint32_t count;
    std::uint8_t limit;
    std::uint32_t hits;  // how many of its entries are left
};

// What one thread needs while searching; kept, so that a search allocates nothing.
struct Scratch {
    std::vector<Range> ranges;
    std::vector<std::uint32_t> hits;
    std::vector<std::uint32_t> numbered;
    std::vector<std::uint64_t> candidates;  // chunk << 32 | row
    std::vector<std::uint64_t> seen;        // a bit for each row, where many are measured
    std::uint16_t distances[kBlock];
    std::uint32_t rows[kBlock];
    std::uint8_t chunks[kBlock];

    // A search with a wide threshold reads millions of entries: what it needed is not kept for ever.
    void let_go() {
        constexpr std::size_t kMost = std::size_t{1} << 20;
        if (hits.capacity() > kMost) std::vector<std::uint32_t>().swap(hits);
        if (numbered.capacity() > kMost) std::vector<std::uint32_t>().swap(numbered);
        if (candidates.capacity() > kMost) std::vector<std::uint64_t>().swap(candidates);
    }
};

class Searcher {
public:
    Searcher(const Segment& segment, const Hash& asked, int threshold, std::vector<Found>& found)
        : segment_(segment),
          asked_(asked),
          threshold_(threshold),
          found_(found),
          shift_(16 - segment.address_bits()),
          ball_(ball(segment.address_bits())),
          kernels_(kernels()),
          scratch_(scratch()) {
        for (int chunk = 0; chunk < kChunks; ++chunk) chunks_[chunk] = asked.chunk(chunk);
    }

    void run() {
        plan();
        scratch_.candidates.clear();
        for (int chunk = 0; chunk < kChunks; ++chunk) {
            if (budgets_[chunk]) gather(chunk);
            if (scratch_.candidates.size() >= 4 * kBlock) {
                note_seen();
                settle();
            }
        }
        settle();
        scratch_.let_go();
    }

private:
    static Scratch& scratch() {
        static thread_local Scratch kept;
        return kept;
    }

    // ---- planning ----

    std::uint32_t bucket(int chunk, std::uint16_t pattern) const {
        return static_cast<std::uint32_t>(chunks_[chunk] >> shift_) ^ pattern;
    }

    std::uint64_t entries_within(int chunk, int from_budget, int budget) const {
        const std::uint32_t* directory = segment_.directory(chunk);
        std::uint64_t entries = 0;
        for (std::uint32_t at = ball_.upto[from_budget]; at < ball_.upto[budget]; ++at) {
            const std::uint32_t here = bucket(chunk, ball_.patterns[at]);
            entries += directory[here + 1] - directory[here];
        }
        return entries;
    }

    // Equal budgets; what is left over goes to the chunks where one more costs least. If that would read far more
    // than chance explains, the cheapest budgets of all are looked for.
    void plan() {
        const int base = (threshold_ + 1) / kChunks;
        const int extra = (threshold_ + 1) % kChunks;
        budgets_.fill(static_cast<std::uint8_t>(base));
        if (extra) {
            std::array<std::pair<std::uint64_t, int>, kChunks> costs;
            for (int chunk = 0; chunk < kChunks; ++chunk) {
                costs[chunk] = {entries_within(chunk, base, base + 1), chunk};
            }
            std::sort(costs.begin(), costs.end());
            for (int at = 0; at < extra; ++at) ++budgets_[costs[at].second];
        }
        std::uint64_t entries = 0;
        double expected = 0;
        for (int chunk = 0; chunk < kChunks; ++chunk) {
            entries += entries_within(chunk, 0, budgets_[chunk]);
            expected += by_chance(budgets_[chunk]);
        }
        if (static_cast<double>(entries) > 2 * expected + 20000) plan_around_skew(base);
    }

    double by_chance(int budget) const {
        return static_cast<double>(segment_.rows()) * ball_.upto[budget] / static_cast<double>(1u << (16 - shift_));
    }

    void plan_around_skew(int base) {
        const int most = std::min(kMostBudget, base + 3);
        const int total = threshold_ + 1;
        constexpr double kNever = std::numeric_limits<double>::infinity();
        std::array<std::array<double, kMaxThreshold + 2>, kChunks + 1> best;
        std::array<std::array<std::uint8_t, kMaxThreshold + 2>, kChunks> taken{};
        for (auto& row : best) row.fill(kNever);
        best[0][0] = 0;
        for (int chunk = 0; chunk < kChunks; ++chunk) {
            std::uint64_t entries = 0;
            for (int budget = 0; budget <= most; ++budget) {
                if (budget) entries += entries_within(chunk, budget - 1, budget);
                const double cost = nanoseconds(budget, static_cast<double>(entries));
                for (int spent = 0; spent + budget <= total; ++spent) {
                    const double sum = best[chunk][spent] + cost;
                    if (sum < best[chunk + 1][spent + budget]) {
                        best[chunk + 1][spent + budget] = sum;
                        taken[chunk][spent + budget] = static_cast<std::uint8_t>(budget);
                    }
                }
            }
        }
        int left = total;
        for (int chunk = kChunks; chunk-- > 0;) {
            budgets_[chunk] = taken[chunk][left];
            left -= budgets_[chunk];
        }
    }

    // What reading so much costs, roughly: a bucket, a signature, and the rows to measure. Rows beyond what chance
    // explains are alike, so that many of them pass.
    double nanoseconds(int budget, double entries) const {
        static constexpr std::array<double, kMostBudget + 1> kPassing{0, 0.0003, 0.003, 0.015, 0.06, 0.2};
        const double chance = std::min(entries, by_chance(budget));
        return 6.0 * ball_.upto[budget] + 0.15 * entries + 8.0 * kPassing[static_cast<std::size_t>(budget)] * chance +
               3.0 * (entries - chance);
    }

    // ---- reading buckets ----

    void gather(int chunk) {
        const std::uint32_t* directory = segment_.directory(chunk);
        const std::uint16_t* signatures = segment_.signatures(chunk);
        const int budget = budgets_[chunk];
        const int both = budget + budgets_[(chunk + 1) % kChunks] - 1;
        auto& ranges = scratch_.ranges;
        ranges.clear();
        std::size_t entries = 0;
        for (int ones = 0; ones < budget && ones <= both; ++ones) {
            const auto limit = static_cast<std::uint8_t>(std::min(both - ones, 16));
            for (std::uint32_t at = ball_.upto[ones]; at < ball_.upto[ones + 1]; ++at) {
                const std::uint32_t here = bucket(chunk, ball_.patterns[at]);
                const std::uint32_t first = directory[here];
                const std::uint32_t count = directory[here + 1] - first;
                if (count == 0) continue;
                ranges.push_back({here, first, count, limit, 0});
                entries += count;
                if (ranges.size() <= kAhead) fetch(signatures, ranges.back());
            }
        }
        auto& hits = scratch_.hits;
        if (hits.size() < entries) hits.resize(std::max(entries, 2 * hits.size()));
        const std::uint16_t next = chunks_[(chunk + 1) % kChunks];
        std::uint32_t* end = hits.data();
        for (std::size_t at = 0; at < ranges.size(); ++at) {
            if (at + kAhead < ranges.size()) fetch(signatures, ranges[at + kAhead]);
            Range& range = ranges[at];
            range.hits = kernels_.scan(signatures + range.first, range.count, next, range.limit, range.first, end);
            if (range.hits) {
                __builtin_prefetch(segment_.lower(chunk) + *end);
                __builtin_prefetch(segment_.upper(chunk) + (upper_begin(range) >> 6));
                end += range.hits;
            }
        }
        const std::uint32_t* from = hits.data();
        for (const Range& range : ranges) {
            if (range.hits) number_rows(chunk, range, from);
            from += range.hits;
        }
    }

    std::uint64_t upper_begin(const Range& range) const {
        return std::uint64_t{range.first} + std::uint64_t{range.bucket} * segment_.blocks();
    }

    void number_rows(int chunk, const Range& range, const std::uint32_t* hits) {
        auto& rows = scratch_.numbered;
        if (rows.size() < range.hits) rows.resize(2 * std::size_t{range.hits});
        const std::uint32_t count = kernels_.number(segment_.upper(chunk), segment_.upper_words(), segment_.lower(chunk),
                                                    upper_begin(range), range.first, hits, range.hits, rows.data());
        const std::uint64_t mark = static_cast<std::uint64_t>(chunk) << 32;
        for (std::uint32_t at = 0; at < count; ++at) {
            if (rows[at] >= segment_.rows()) continue;  // damaged on disk: `verify` names it, nothing may follow it
            __builtin_prefetch(segment_.hashes() + rows[at]);
            scratch_.candidates.push_back(mark | rows[at]);
        }
    }

    static constexpr std::size_t kAhead = 12;

    static void fetch(const std::uint16_t* signatures, const Range& range) {
        const auto* at = reinterpret_cast<const char*>(signatures + range.first);
        const auto* end = reinterpret_cast<const char*>(signatures + range.first + std::min(range.count, 512u));
        for (; at < end; at += 64) __builtin_prefetch(at);
        __builtin_prefetch(end - 1);
    }

    // ---- measuring ----

    // In a cluster the same rows come up from every chunk: from the first time that many have to be measured, each is
    // measured once. (Nothing has been measured before that.)
    void note_seen() {
        if (notes_seen_) return;
        notes_seen_ = true;
        scratch_.seen.assign((segment_.rows() + 63) / 64, 0);
    }

    bool seen_before(std::uint32_t row) {
        std::uint64_t& word = scratch_.seen[row >> 6];
        const std::uint64_t bit = 1ULL << (row & 63);
        if (word & bit) return true;
        word |= bit;
        return false;
    }

    void settle() {
        auto& candidates = scratch_.candidates;
        for (std::size_t at = 0; at < candidates.size(); at += kBlock) {
            settle_block(candidates.data() + at,
                         static_cast<std::uint32_t>(std::min<std::size_t>(kBlock, candidates.size() - at)));
        }
        candidates.clear();
    }

    void settle_block(const std::uint64_t* candidates, std::uint32_t count) {
        std::uint32_t kept = 0;
        for (std::uint32_t at = 0; at < count; ++at) {
            const auto row = static_cast<std::uint32_t>(candidates[at]);
            if (notes_seen_ && seen_before(row)) continue;
            __builtin_prefetch(segment_.hashes() + row);
            scratch_.rows[kept] = row;
            scratch_.chunks[kept++] = static_cast<std::uint8_t>(candidates[at] >> 32);
        }
        kernels_.measure(segment_.hashes(), scratch_.rows, kept, asked_, scratch_.distances);
        for (std::uint32_t at = 0; at < kept; ++at) {
            if (scratch_.distances[at] > threshold_) continue;
            const std::uint32_t row = scratch_.rows[at];
            if (!segment_.dead()[row] && (notes_seen_ || is_first(row, scratch_.chunks[at]))) {
                found_.push_back({segment_.id(row), scratch_.distances[at]});
            }
        }
    }

    // A row is found from every chunk where it passes, and told at the first of them.
    bool is_first(std::uint32_t row, int found_from) const {
        const Hash& hash = segment_.hashes()[row];
        for (int chunk = 0; chunk < found_from; ++chunk) {
            const int following = (chunk + 1) % kChunks;
            const int here = std::popcount(static_cast<unsigned>((hash.chunk(chunk) ^ chunks_[chunk]) >> shift_));
            const int next = std::popcount(static_cast<unsigned>(hash.chunk(following) ^ chunks_[following]));
            if (here < budgets_[chunk] && here + next < budgets_[chunk] + budgets_[following]) return false;
        }
        return true;
    }

    const Segment& segment_;
    const Hash& asked_;
    const int threshold_;
    std::vector<Found>& found_;
    const int shift_;
    const Ball& ball_;
    const Kernels& kernels_;
    Scratch& scratch_;
    std::uint16_t chunks_[kChunks];
    Budgets budgets_;
    bool notes_seen_ = false;
};

}  // namespace

void search(const Segment& segment, const Hash& asked, int threshold, std::vector<Found>& found) {
    if (segment.live() != 0) Searcher(segment, asked, threshold, found).run();
}

void search(const Tail& tail, const Hash& asked, int threshold, std::vector<Found>& found) {
    static thread_local std::vector<std::uint32_t> hits;
    static thread_local std::vector<std::uint16_t> distances;
    if (hits.size() < tail.capacity()) {
        hits.resize(tail.capacity());
        distances.resize(tail.capacity());
    }
    // Until no row has come meanwhile: one that is seen removed may have got its new hash after the others were read.
    for (std::uint32_t from = 0, rows = tail.rows(); from < rows; from = rows, rows = tail.rows()) {
        const std::uint32_t count = kernels().sweep(tail.columns() + from, tail.capacity(), rows - from, asked,
                                                    threshold, hits.data(), distances.data());
        for (std::uint32_t at = 0; at < count; ++at) {
            if (!tail.dead()[from + hits[at]]) found.push_back({tail.id(from + hits[at]), distances[at]});
        }
    }
}

}  // namespace answerable
