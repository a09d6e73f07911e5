// SPDX-License-Identifier: BSD-2-Clause
// Notes in the cache of what this very nfup derived from an object, so that the next run
// need not: any type that nlohmann::json knows, as CBOR (RFC 8949).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "files.h"
#include "intent/hash.h"
#include "object_cache.h"

namespace nfup::loader {

// Another nfup may derive other things.
inline std::string derived_key(const std::string& what, const std::string& object)
{
	static const std::string self = identify_file("/proc/self/exe");
	return Hasher().add(what).add(self).add(object).hex();
}

// `what`: tells the notes on one object apart; `object`: its key.
template <class T>
std::optional<T> find_derived(const ObjectCache& cache, const std::string& what, const std::string& object)
{
	const auto note = cache.find_note(derived_key(what, object));
	if (!note)
		return {};
	try {
		return nlohmann::json::from_cbor(*note).get<T>();
	} catch (const nlohmann::json::exception&) {
		return {};
	}
}

// Where it cannot be written it is derived anew the next time: no error.
template <class T>
void store_derived(const ObjectCache& cache, const std::string& what, const std::string& object, const T& value)
{
	std::string note;
	nlohmann::json::to_cbor(nlohmann::json(value), note);
	static_cast<void>(cache.store_note(derived_key(what, object), note));
}

} // namespace nfup::loader
