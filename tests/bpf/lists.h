// SPDX-License-Identifier: BSD-2-Clause
// List parameters as an operator writes them.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "bpf/lib/devices.h"
#include "intent/neighbours.h"
#include "intent/routes.h"
#include "kernel.h"

namespace nfup::test {

inline Params list_params(const std::string& name,
			  const std::expected<intent::ListContent, intent::ListMistake>& content)
{
	if (!content)
		throw std::runtime_error(content.error().message);
	Params out;
	out.set(name, content->constant);
	for (const auto& table : content->tables)
		out.set(table.name, table.bytes);
	return out;
}

inline Params routes(const std::vector<std::string>& texts)
{
	return list_params("ROUTES", intent::compile_routes(texts));
}

inline Params neighbours(const Mac& src, const std::vector<std::string>& texts)
{
	return list_params("NEIGHBOURS", intent::compile_neighbours(texts)).set("SRC", src);
}

inline Params devices(const std::vector<unsigned>& ports)
{
	device_list list{};
	for (const unsigned port : ports)
		list.port[list.count++] = port;
	return Params().set("DEVICES", list);
}

} // namespace nfup::test
