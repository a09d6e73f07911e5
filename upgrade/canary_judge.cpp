// SPDX-License-Identifier: BSD-2-Clause
#include "canary_judge.h"

#include <algorithm>

#include "packet_fields.h"
#include "packet_text.h"

namespace nfup::upgrade {

namespace {

std::string last_node(const Trip& trip)
{
	return trip.path.empty() ? "no node" : trip.path.back();
}

bool came_out(const Trip& trip)
{
	return trip.verdict == XDP_PASS || trip.verdict == XDP_TX || trip.verdict == XDP_REDIRECT;
}

bool verdict_fits(const Expectation& expect, const Trip& trip)
{
	switch (expect.verdict) {
	case Expectation::Verdict::any:
		return true;
	case Expectation::Verdict::forward:
		return (trip.verdict == XDP_REDIRECT || trip.verdict == XDP_TX) &&
		       std::ranges::find(trip.ports, expect.port) != trip.ports.end();
	case Expectation::Verdict::drop:
		return trip.verdict == XDP_DROP && (!expect.reason || trip.reason == expect.reason);
	case Expectation::Verdict::pass:
		return trip.verdict == XDP_PASS;
	}
	return false;
}

std::string first_difference(const packet::Bytes& expected, const packet::Bytes& got)
{
	if (expected.size() != got.size())
		return std::to_string(got.size()) + " bytes, not " + std::to_string(expected.size());
	const auto place = std::ranges::mismatch(expected, got).in1 - expected.begin();
	const auto at = static_cast<std::size_t>(place);
	return "byte " + std::to_string(at) + " is " + packet::write_hex({got[at]}) + ", not " +
	       packet::write_hex({expected[at]});
}

std::string layer_name(const packet::Layer& layer)
{
	const packet::LayerInfo* info = packet::info_of(layer);
	return info ? info->name : "payload";
}

// The input with the fields that were written; what is computed is computed anew.
packet::Bytes changed_input(const CanaryStep& step)
{
	packet::Packet wanted = step.packet;
	std::size_t from = 0;
	for (const WrittenLayer& written : step.expect.layers)
		for (std::size_t i = from; i < wanted.layers().size(); i++) {
			packet::Layer& layer = wanted.layers()[i];
			if (layer.index() != written.layer.index())
				continue;
			if (const packet::LayerInfo* info = packet::info_of(layer)) {
				for (const std::string& name : written.fields) {
					const packet::Field* field = packet::find_field(*info, name);
					field->set(layer, field->get(written.layer).value_or("ok"));
				}
			} else {
				layer = written.layer;
			}
			from = i + 1;
			break;
		}
	packet::Bytes bytes = wanted.bytes();
	if (step.frame.size() != step.packet.bytes().size()) // cut or padded
		bytes.resize(step.frame.size());
	return bytes;
}

std::optional<std::string> unlike(const std::vector<WrittenLayer>& expected, const packet::Bytes& got)
{
	const packet::Packet packet = packet::dissect(got);
	for (std::size_t i = 0; i < expected.size(); i++) {
		const WrittenLayer& written = expected[i];
		if (i >= packet.layers().size() || packet.layers()[i].index() != written.layer.index())
			return "layer " + std::to_string(i + 1) + " is " +
			       (i < packet.layers().size() ? layer_name(packet.layers()[i]) : "missing") + ", not " +
			       layer_name(written.layer);
		const packet::Layer& layer = packet.layers()[i];
		const packet::LayerInfo* info = packet::info_of(layer);
		if (!info) {
			if (std::get<packet::Payload>(layer).bytes != std::get<packet::Payload>(written.layer).bytes)
				return "the payload differs";
			continue;
		}
		for (const std::string& name : written.fields) {
			const packet::Field* field = packet::find_field(*info, name);
			const std::string want = field->get(written.layer).value_or("ok"),
					  is = field->get(layer).value_or("");
			const bool fits = want == "ok"    ? packet::is_right(packet, i, field->name)
					  : want == "bad" ? !packet::is_right(packet, i, field->name)
							  : want == is;
			if (!fits)
				return std::string(info->name) + " " + name + " is " + is + ", not " + want;
		}
	}
	return {};
}

std::optional<std::string> output_differs(const CanaryStep& step, const Trip& trip)
{
	if (step.expect.output == Expectation::Output::any)
		return {};
	if (!came_out(trip))
		return "nothing came out";
	if (step.expect.output == Expectation::Output::like)
		return unlike(step.expect.layers, trip.frame);
	const packet::Bytes wanted = step.expect.output == Expectation::Output::same ? step.frame : changed_input(step);
	if (wanted == trip.frame)
		return {};
	return first_difference(wanted, trip.frame);
}

} // namespace

std::string describe(const Trip& trip, const std::vector<std::string>& ports)
{
	switch (trip.verdict) {
	case XDP_PASS:
		return "pass";
	case XDP_TX:
	case XDP_REDIRECT: {
		std::string to;
		for (const int port : trip.ports)
			to += (to.empty() ? " to " : " or ") + ports.at(static_cast<std::size_t>(port));
		return "forward" + to;
	}
	case XDP_DROP:
		return (trip.reason ? std::string("drop ") + reason_name(*trip.reason) : "drop without a reason") +
		       " at " + last_node(trip);
	case XDP_ABORTED:
		return (trip.missed() ? "a missed tail call behind " : "XDP_ABORTED from ") + last_node(trip);
	default:
		return "verdict " + std::to_string(trip.verdict) + ", which XDP does not know, from " + last_node(trip);
	}
}

bool is_broken(const Trip& trip)
{
	return trip.verdict == XDP_ABORTED || trip.verdict > XDP_REDIRECT || trip.missed();
}

bool same_fate(const Trip& a, const Trip& b)
{
	return a.verdict == b.verdict && a.reason == b.reason && a.ports == b.ports &&
	       (!came_out(a) || a.frame == b.frame);
}

std::optional<std::string> judge(const CanaryStep& step, const Trip& trip, const std::vector<std::string>& ports)
{
	if (is_broken(trip) || !verdict_fits(step.expect, trip))
		return describe(trip, ports);
	if (const auto difference = output_differs(step, trip))
		return describe(trip, ports) + " as " + packet::to_text(trip.frame) + " (" + *difference + ")";
	return {};
}

} // namespace nfup::upgrade
