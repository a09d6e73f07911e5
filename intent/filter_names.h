// SPDX-License-Identifier: BSD-2-Clause
// Names that filter expressions know: ports, protocols, ICMP types, TCP flags.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nfup::intent {

enum class FilterName { port, protocol, icmp_type, icmp6_type, tcp_flag };

std::optional<unsigned> filter_number(FilterName kind, std::string_view name);
std::vector<std::string> filter_names(FilterName kind); // in alphabetical order

} // namespace nfup::intent
