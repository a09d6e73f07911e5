// SPDX-License-Identifier: BSD-2-Clause
#include "class_note.h"

#include "derived_note.h"

namespace nlohmann {
template <class T> struct adl_serializer<std::optional<T>> {
	static void to_json(json& to, const std::optional<T>& from) { to = from ? json(*from) : json(); }
	static void from_json(const json& from, std::optional<T>& to)
	{
		if (from.is_null())
			to.reset();
		else
			to = from.get<T>();
	}
};
} // namespace nlohmann

namespace nfup::intent {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Kernel, major, minor)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Param, name, type, fallback, range, doc, size, keyword)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Output, name, optional, repeated)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Fact, name, out)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ClassInfo, name, kind, doc, source, inputs, outputs, params, requires_, provides,
				   revokes, uses, code, state, capacity, kernel)
} // namespace nfup::intent

namespace nfup::loader {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ClassNote, info, code, parts, linked)

std::optional<ClassNote> find_class_note(const ObjectCache& cache, const std::string& key)
{
	return find_derived<ClassNote>(cache, "class", key);
}

void store_class_note(const ObjectCache& cache, const std::string& key, const ClassNote& note)
{
	store_derived(cache, "class", key, note);
}

} // namespace nfup::loader
