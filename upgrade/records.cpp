// SPDX-License-Identifier: BSD-2-Clause
#include "records.h"

#include <charconv>
#include <string>

namespace nfup::loader {

void to_json(nlohmann::json& json, const Constant& constant)
{
	static constexpr char digits[] = "0123456789abcdef";
	std::string hex;

	hex.reserve(2 * constant.bytes.size());
	for (const std::uint8_t byte : constant.bytes) {
		hex += digits[byte >> 4];
		hex += digits[byte & 0xf];
	}
	json = {{"variable", constant.variable}, {"bytes", std::move(hex)}};
}

void from_json(const nlohmann::json& json, Constant& constant)
{
	json.at("variable").get_to(constant.variable);
	const nlohmann::json& bytes = json.at("bytes");
	if (!bytes.is_string()) {
		bytes.get_to(constant.bytes);
		return;
	}
	const auto& hex = bytes.get_ref<const std::string&>();
	constant.bytes.assign((hex.size() + 1) / 2, 0);
	for (std::size_t i = 0; i < constant.bytes.size(); ++i) {
		const char* pair = hex.data() + 2 * i;
		if (hex.size() % 2 || std::from_chars(pair, pair + 2, constant.bytes[i], 16).ptr != pair + 2)
			throw nlohmann::json::other_error::create(
			    501, "constant " + constant.variable + ": not hex digits", &bytes);
	}
}

} // namespace nfup::loader

namespace nfup::upgrade {

void to_json(nlohmann::json& json, const NfRecord& record)
{
	json = {{"name", record.name},   {"netns", record.netns},     {"mode", record.mode}, {"bpffs", record.bpffs},
		{"ports", record.ports}, {"current", record.current}, {"last", record.last}};
	if (!record.frozen.empty())
		json["frozen"] = record.frozen;
	if (!record.hosted.empty())
		json["hosted"] = record.hosted;
}

void from_json(const nlohmann::json& json, NfRecord& record)
{
	json.at("name").get_to(record.name);
	json.at("netns").get_to(record.netns);
	json.at("mode").get_to(record.mode);
	json.at("bpffs").get_to(record.bpffs);
	json.at("ports").get_to(record.ports);
	json.at("current").get_to(record.current);
	json.at("last").get_to(record.last);
	record.frozen = json.value("frozen", "");
	record.hosted = json.value("hosted", std::map<std::string, Hosted>{});
}

void to_json(nlohmann::json& json, const Generation& generation)
{
	json = {
	    {"number", generation.number}, {"created", generation.created},   {"intent_file", generation.intent_file},
	    {"intent", generation.intent}, {"contract", generation.contract}, {"nodes", generation.nodes},
	    {"state", generation.state},   {"ports", generation.ports}};
	if (!generation.settling.empty())
		json["settling"] = generation.settling;
	if (!generation.migrations.empty()) {
		json["migrations"] = generation.migrations;
		json["plain"] = generation.plain;
	}
	if (!generation.ways.empty())
		json["ways"] = generation.ways;
}

void from_json(const nlohmann::json& json, Generation& generation)
{
	json.at("number").get_to(generation.number);
	json.at("created").get_to(generation.created);
	json.at("intent_file").get_to(generation.intent_file);
	json.at("intent").get_to(generation.intent);
	json.at("contract").get_to(generation.contract);
	json.at("nodes").get_to(generation.nodes);
	json.at("state").get_to(generation.state);
	generation.ports = json.value("ports", std::vector<Port>{});
	generation.settling = json.value("settling", std::map<std::string, std::string>{});
	generation.migrations = json.value("migrations", std::vector<Migration>{});
	generation.plain = json.value("plain", std::vector<PlainNode>{});
	generation.ways = json.value("ways", std::vector<Way>{});
}

std::vector<std::string*> Generation::objects()
{
	std::vector<std::string*> paths;
	const auto add = [&](std::string& path) {
		if (!path.empty())
			paths.push_back(&path);
	};
	for (GenerationNode& node : nodes)
		add(node.object);
	for (auto& [cls, object] : settling)
		add(object);
	for (Migration& migration : migrations)
		add(migration.sweeper);
	for (PlainNode& node : plain)
		add(node.object);
	for (Way& way : ways)
		for (Conversion* conversion : {&way.here, &way.back}) {
			add(conversion->converter);
			add(conversion->sweeper);
		}
	return paths;
}

} // namespace nfup::upgrade
