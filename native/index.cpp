// What Python sees of the index's parts. `answerable.matching.index` puts them together.
#include "index.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <system_error>

#include "kernels.h"
#include "search.h"
#include "segment.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace answerable {
namespace {

using Ids = nb::ndarray<const std::uint64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Hashes = nb::ndarray<const std::uint8_t, nb::shape<-1, kHashBytes>, nb::c_contig, nb::device::cpu>;
using Segments = std::vector<std::shared_ptr<Segment>>;
using Tails = std::vector<std::shared_ptr<Tail>>;

template <typename T>
nb::ndarray<nb::numpy, T, nb::ndim<1>> handed_over(std::vector<T> values) {
    auto* kept = new std::vector<T>(std::move(values));
    nb::capsule owner(kept, [](void* old) noexcept { delete static_cast<std::vector<T>*>(old); });
    return {kept->data(), {kept->size()}, owner};
}

void check_same_length(const Ids& ids, const Hashes& hashes) {
    if (ids.shape(0) != hashes.shape(0)) throw nb::value_error("one id for each hash is needed");
}

std::shared_ptr<Segment> build(const Ids& ids, const Hashes& hashes, const std::string& path) {
    check_same_length(ids, hashes);
    const std::size_t count = ids.shape(0);
    const std::uint64_t* id = ids.data();
    const std::uint8_t* hash = hashes.data();
    nb::gil_scoped_release released;
    std::vector<Hash> spreaded(count);
    std::vector<Row> rows(count);
    for (std::size_t at = 0; at < count; ++at) {
        spreaded[at] = spread(hash + kHashBytes * at);
        rows[at] = {id[at], &spreaded[at]};
    }
    return Segment::build(std::move(rows), path);
}

// One segment of all live rows. An id is live in one of them at most.
std::shared_ptr<Segment> merge(const Segments& segments, const Tails& tails, const std::string& path) {
    nb::gil_scoped_release released;
    std::vector<Row> rows;
    std::size_t most = 0;
    for (const auto& segment : segments) most += segment->rows();
    for (const auto& tail : tails) most += tail->rows();
    rows.reserve(most);
    for (const auto& segment : segments) {
        for (std::uint32_t row = 0; row < segment->rows(); ++row) {
            if (!segment->dead()[row]) rows.push_back({segment->id(row), segment->hashes() + row});
        }
    }
    std::deque<Hash> copied;
    for (const auto& tail : tails) {
        const std::uint32_t held = tail->rows();
        for (std::uint32_t row = 0; row < held; ++row) {
            if (!tail->dead()[row]) rows.push_back({tail->id(row), &copied.emplace_back(tail->hash(row))});
        }
    }
    return Segment::build(std::move(rows), path);
}

// Appends to `newest`, which must have room, and then takes the same ids out wherever else they are live, so that no
// search finds neither. Returns the ids that were there before.
nb::ndarray<nb::numpy, std::uint64_t, nb::ndim<1>> append(Tail& newest, const Segments& segments, const Tails& tails,
                                                          const Ids& ids, const Hashes& hashes) {
    check_same_length(ids, hashes);
    if (newest.capacity() - newest.rows() < ids.shape(0)) throw nb::value_error("the tail has no room for these");
    std::vector<std::uint64_t> replaced;
    {
        nb::gil_scoped_release released;
        for (std::size_t at = 0; at < ids.shape(0); ++at) {
            const std::uint64_t id = ids.data()[at];
            const std::uint32_t row = newest.rows();
            newest.append(id, spread(hashes.data() + kHashBytes * at));
            const auto from = [id](const auto& part) { return part->remove(id); };
            if (newest.remove(id, row) || std::any_of(tails.begin(), tails.end(), from) ||
                std::any_of(segments.begin(), segments.end(), from)) {
                replaced.push_back(id);
            }
        }
    }
    return handed_over(std::move(replaced));
}

// Whether each id is live somewhere: one byte for each, 1 or 0.
nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>> holds(const Segments& segments, const Tails& tails, const Ids& ids) {
    std::vector<std::uint8_t> held(ids.shape(0));
    {
        nb::gil_scoped_release released;
        for (std::size_t at = 0; at < held.size(); ++at) {
            const std::uint64_t id = ids.data()[at];
            const auto has = [id](const auto& part) { return part->holds(id); };
            held[at] = std::any_of(segments.begin(), segments.end(), has) ||
                       std::any_of(tails.begin(), tails.end(), has);
        }
    }
    return handed_over(std::move(held));
}

// Takes ids out wherever they are live. Returns those that were there.
nb::ndarray<nb::numpy, std::uint64_t, nb::ndim<1>> remove(const Segments& segments, const Tails& tails,
                                                          const Ids& ids) {
    std::vector<std::uint64_t> removed;
    {
        nb::gil_scoped_release released;
        for (std::size_t at = 0; at < ids.shape(0); ++at) {
            const std::uint64_t id = ids.data()[at];
            const auto from = [id](const auto& part) { return part->remove(id); };
            if (std::any_of(tails.begin(), tails.end(), from) ||
                std::any_of(segments.begin(), segments.end(), from)) {
                removed.push_back(id);
            }
        }
    }
    return handed_over(std::move(removed));
}

// Nearest first, then by id. While an id gets a new hash it may be found by both: the nearer one is told.
void tidy(std::vector<Found>& found) {
    if (found.size() < 2) return;
    std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
        return a.id != b.id ? a.id < b.id : a.distance < b.distance;
    });
    const auto same = [](const Found& a, const Found& b) { return a.id == b.id; };
    found.erase(std::unique(found.begin(), found.end(), same), found.end());
    std::size_t from[kMaxThreshold + 2] = {};
    for (const Found& one : found) ++from[one.distance + 1];
    for (int distance = 0; distance <= kMaxThreshold; ++distance) from[distance + 1] += from[distance];
    std::vector<Found> sorted(found.size());
    for (const Found& one : found) sorted[from[one.distance]++] = one;
    found.swap(sorted);
}

nb::tuple search_all(const Segments& segments, const Tails& tails, const Hashes& queries, int threshold) {
    if (threshold < 0 || threshold > kMaxThreshold) throw nb::value_error("threshold is 0 to 63 bits");
    const std::size_t count = queries.shape(0);
    std::vector<std::int64_t> lims(count + 1);
    std::vector<std::uint64_t> ids;
    std::vector<std::uint16_t> distances;
    {
        nb::gil_scoped_release released;
        std::vector<Found> found;
        for (std::size_t query = 0; query < count; ++query) {
            found.clear();
            const Hash asked = spread(queries.data() + kHashBytes * query);
            // Oldest first: an id that gets a new hash is written to the newest part before it is taken from an older.
            for (const auto& segment : segments) search(*segment, asked, threshold, found);
            for (const auto& tail : tails) search(*tail, asked, threshold, found);
            tidy(found);
            for (const Found& one : found) {
                ids.push_back(one.id);
                distances.push_back(one.distance);
            }
            lims[query + 1] = static_cast<std::int64_t>(ids.size());
        }
    }
    return nb::make_tuple(handed_over(std::move(lims)), handed_over(std::move(ids)),
                          handed_over(std::move(distances)));
}

nb::bytes buried(const Segment& segment) {
    const std::vector<std::uint8_t> bits = segment.buried();
    return nb::bytes(bits.data(), bits.size());
}

}  // namespace

void bind_index(nb::module_& module) {
    nb::register_exception_translator([](const std::exception_ptr& raised, void*) {
        try {
            std::rethrow_exception(raised);
        } catch (const std::system_error& error) {
            errno = error.code().value();
            PyErr_SetFromErrno(PyExc_OSError);
        }
    });
    nb::class_<Segment>(module, "Segment", "Many hashes, sorted and unchanging but for removals.")
        .def_static("build", &build, "ids"_a, "hashes"_a, "path"_a = "")
        .def_static("merge", &merge, "segments"_a, "tails"_a, "path"_a = "")
        .def_static("open", &Segment::open, "path"_a, nb::call_guard<nb::gil_scoped_release>())
        .def("verify", &Segment::verify, nb::call_guard<nb::gil_scoped_release>())
        .def("bury", [](Segment& segment, const nb::bytes& bits) {
            segment.bury(static_cast<const std::uint8_t*>(bits.data()), bits.size());
        })
        .def("buried", &buried)
        .def_prop_ro("rows", &Segment::rows)
        .def_prop_ro("live", &Segment::live)
        .def_prop_ro("nbytes", &Segment::bytes)
        .def_prop_ro("checksum", &Segment::checksum)
        .def_prop_ro("first_id", &Segment::first_id)
        .def_prop_ro("last_id", &Segment::last_id);
    nb::class_<Tail>(module, "Tail", "The newest hashes, in the order they came.")
        .def(nb::init<std::uint32_t>(), "capacity"_a)
        .def("append", &append, "segments"_a, "tails"_a, "ids"_a, "hashes"_a)
        .def_prop_ro("rows", &Tail::rows)
        .def_prop_ro("live", &Tail::live)
        .def_prop_ro("capacity", &Tail::capacity)
        .def_prop_ro("nbytes", &Tail::bytes);
    module.def("remove", &remove, "segments"_a, "tails"_a, "ids"_a);
    module.def("holds", &holds, "segments"_a, "tails"_a, "ids"_a);
    module.def("search", &search_all, "segments"_a, "tails"_a, "queries"_a, "threshold"_a);
    module.def("kernels", [] {
        std::vector<std::string> names;
        for (const Kernels* one : available_kernels()) names.emplace_back(one->name);
        return names;
    });
    module.def("use_kernels", [](const std::string& name) {
        if (!use_kernels(name)) throw nb::value_error("this processor has no such kernels");
    });
}

}  // namespace answerable
