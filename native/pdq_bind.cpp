// PDQ as Python sees it: functions over NumPy arrays (or anything with a buffer), without the interpreter's lock.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <stdexcept>

#include "pdq.h"

namespace nb = nanobind;

namespace answerable::pdq {
namespace {

template <typename Sample, typename... Shape>
using Array = nb::ndarray<const Sample, nb::device::cpu, Shape...>;

void check_variant(const std::string& variant) {
    const auto& known = pdq_variants();
    if (!variant.empty() && std::find(known.begin(), known.end(), variant) == known.end())
        throw std::invalid_argument("this machine has no such variant: see pdq_variants()");
}

nb::tuple answered(const Pdq& pdq) {
    nb::list hashes;
    for (const auto& hash : pdq.hashes) hashes.append(nb::bytes(hash.data(), hash.size()));
    return nb::make_tuple(nb::tuple(hashes), pdq.quality, pdq.margin);
}

template <typename Array>
void check_rows(const Array& array, std::size_t channels) {
    if ((array.shape(1) > 1 && array.stride(1) != static_cast<std::int64_t>(channels)))
        throw std::invalid_argument("the samples of a row must stand side by side");
}

struct Shape {
    std::size_t height, width, scale;
};

// The picture's height and width (without them the stored ones, times scale), if the stored ones belong to them.
Shape shape_of(std::size_t rows, std::size_t columns, std::size_t height, std::size_t width, std::size_t scale) {
    if (scale != 1 && scale != 2 && scale != 4 && scale != 8)
        throw std::invalid_argument("a scale is 1, 2, 4 or 8");
    if (height == 0 && width == 0) height = rows * scale, width = columns * scale;
    const auto stored = [scale](std::size_t length) { return length / scale + (length % scale != 0); };
    if (stored(height) != rows || stored(width) != columns)
        throw std::invalid_argument("the samples have not the height and width, over scale");
    return {height, width, scale};
}

template <typename Sample>
nb::tuple hashed_alone(const Plane<Sample>& plane, const Shape& shape, int orientation, bool turns,
                       const std::string& variant) {
    check_variant(variant);
    const Turn shown = Turn::of_orientation(orientation);
    Pdq pdq;
    {
        const nb::gil_scoped_release released;
        pdq = pdq_of(plane, shape.height, shape.width, shape.scale, shown, turns ? kTurns.size() : 1, variant);
    }
    return answered(pdq);
}

template <typename Sample>
nb::tuple of_luma(const Array<Sample, nb::ndim<2>>& array, std::size_t height, std::size_t width, std::size_t scale,
                  int orientation, bool turns, const std::string& variant) {
    check_rows(array, 1);
    const Shape shape = shape_of(array.shape(0), array.shape(1), height, width, scale);
    const Plane<Sample> plane{array.data(), array.shape(0), array.shape(1), 1,
                              array.stride(0) * static_cast<std::ptrdiff_t>(sizeof(Sample))};
    return hashed_alone(plane, shape, orientation, turns, variant);
}

nb::tuple of_rgb(const Array<std::uint8_t, nb::ndim<3>>& array, std::size_t height, std::size_t width,
                 std::size_t scale, int orientation, bool turns, const std::string& variant) {
    if (array.shape(2) != 3 || array.stride(2) != 1)
        throw std::invalid_argument("a pixel is three samples side by side: red, green, blue");
    check_rows(array, 3);
    const Shape shape = shape_of(array.shape(0), array.shape(1), height, width, scale);
    const Plane<std::uint8_t> plane{array.data(), array.shape(0), array.shape(1), 3, array.stride(0)};
    return hashed_alone(plane, shape, orientation, turns, variant);
}

}  // namespace

void bind_pdq(nb::module_& module) {
    using namespace nb::literals;
    const char* luma = "PDQ of a luma plane: hashes, quality, margin. The package's `_native.pyi` says all.";
    module.def("pdq_of_luma", &of_luma<std::uint8_t>, "plane"_a.noconvert(), "height"_a = 0, "width"_a = 0,
               "scale"_a = 1, "orientation"_a = 1, "turns"_a = true, "variant"_a = "", luma);
    module.def("pdq_of_luma", &of_luma<float>, "plane"_a.noconvert(), "height"_a = 0, "width"_a = 0, "scale"_a = 1,
               "orientation"_a = 1, "turns"_a = true, "variant"_a = "", luma);
    module.def("pdq_of_rgb", &of_rgb, "pixels"_a.noconvert(), "height"_a = 0, "width"_a = 0, "scale"_a = 1,
               "orientation"_a = 1, "turns"_a = true, "variant"_a = "",
               "PDQ of a picture in red, green and blue: as pdq_of_luma.");
    module.def("pdq_variants", &pdq_variants, "The instruction sets that this machine can run, the best first.");
}

}  // namespace answerable::pdq
