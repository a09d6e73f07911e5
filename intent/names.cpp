// SPDX-License-Identifier: BSD-2-Clause
#include "names.h"

#include <algorithm>
#include <cctype>

namespace nfup::intent {

namespace {

std::string quoted(std::string_view name)
{
	return "`" + std::string(name) + "`";
}

} // namespace

std::string element_name_error(std::string_view name)
{
	for (const std::string_view keyword : {"elementclass", "require", "provide", "define"})
		if (name == keyword)
			return quoted(name) + " is a word of the language, not a name";
	for (const char c : name)
		if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '@' && c != '/')
			return quoted(name) + " is no name: names have letters, digits, `_`, `@` and `/`";
	for (std::size_t start = 0; start <= name.size();) {
		const std::size_t end = std::min(name.find('/', start), name.size());
		if (end == start)
			return quoted(name) + " is no name: a part of it is empty";
		if (name.find_first_not_of("0123456789", start) >= end)
			return quoted(name) + " is no name: a part of it is only digits";
		start = end + 1;
	}
	return {};
}

std::string class_name_error(std::string_view name)
{
	if (name.find('@') != std::string_view::npos)
		return quoted(name) + " is no name of a class: it has an `@`";
	return element_name_error(name);
}

} // namespace nfup::intent
