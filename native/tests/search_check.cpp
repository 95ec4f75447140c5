// The index's search against the definition, without Python: for processors that the tests don't run on, under an
// emulator (`scripts/check-arm64`). Prints the kernels that it ran; exit code 1 and a line for what differs.
#include <algorithm>
#include <cstdio>
#include <random>

#include "../kernels.h"
#include "../search.h"

using namespace answerable;

int main() {
    constexpr std::uint32_t kRows = 20000;
    std::mt19937_64 random(5);
    std::vector<Hash> hashes(kRows);
    std::vector<Row> rows;
    Tail tail(kRows);
    for (std::uint32_t row = 0; row < kRows; ++row) {
        for (auto& word : hashes[row].words) word = random();
        if (row > 10000) {  // a cluster: copies of the first, with up to 90 bits turned
            hashes[row] = hashes[0];
            for (std::uint64_t left = random() % 90; left > 0; --left) {
                const std::uint64_t bit = random() & 255;
                hashes[row].words[bit >> 6] ^= 1ULL << (bit & 63);
            }
        }
        rows.push_back({row, &hashes[row]});
        tail.append(row, hashes[row]);
    }
    const auto segment = Segment::build(rows, "");
    const auto ids_of = [](std::vector<Found> found) {
        std::vector<std::uint64_t> ids;
        for (const Found& one : found) ids.push_back(one.id);
        std::sort(ids.begin(), ids.end());
        return ids;
    };
    std::size_t told = 0;
    for (const Kernels* one : available_kernels()) {
        use_kernels(one->name);
        for (int threshold : {0, 5, 15, 16, 31, 32, 47, 63}) {
            for (int question = 0; question < 12; ++question) {
                Hash asked = hashes[question % 2 ? 0 : random() % kRows];
                for (int turned = 0; turned < question * 2; ++turned) asked.words[turned & 3] ^= 1ULL << (random() & 63);
                std::vector<Found> in_segment, in_tail;
                search(*segment, asked, threshold, in_segment);
                search(tail, asked, threshold, in_tail);
                std::vector<std::uint64_t> expected;
                for (std::uint32_t row = 0; row < kRows; ++row) {
                    int distance = 0;
                    for (int word = 0; word < kWords; ++word) {
                        distance += std::popcount(hashes[row].words[word] ^ asked.words[word]);
                    }
                    if (distance <= threshold) expected.push_back(row);
                }
                told += expected.size();
                if (ids_of(in_segment) != expected || ids_of(in_tail) != expected) {
                    std::printf("%s differs at threshold %d, question %d\n", one->name, threshold, question);
                    return 1;
                }
            }
        }
        std::printf("%s: as by definition\n", one->name);
    }
    std::printf("%zu rows found\n", told);
    return crc32c(reinterpret_cast<const std::uint8_t*>("123456789"), 9) == 0xe3069283u ? 0 : 1;
}
