/**
 * The kernel's own account of a connection: its state, and TCP_INFO with the units in the names.
 * The table below renames the kernel's fields; one that a kernel does not fill is absent.
 */
import { check, type Fd, type Kernel } from "../kernel/index.js";

/**
 * The states of RFC 9293 §3.3.2. TIME_WAIT is named for completeness: after close(2) no descriptor
 * belongs to the connection any more, so no socket is ever seen in it.
 */
export type TcpState =
  | "CLOSED"
  | "LISTEN"
  | "SYN_SENT"
  | "SYN_RECV"
  | "ESTABLISHED"
  | "FIN_WAIT1"
  | "FIN_WAIT2"
  | "CLOSE_WAIT"
  | "CLOSING"
  | "LAST_ACK"
  | "TIME_WAIT";

const STATES: ReadonlySet<string> = new Set<TcpState>([
  "CLOSED",
  "LISTEN",
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "CLOSE_WAIT",
  "CLOSING",
  "LAST_ACK",
  "TIME_WAIT",
]);

/**
 * Our name for each of the kernel's. Without a unit: a count. Segments are of at most `sndMssBytes`.
 * Linux: struct tcp_info, tcp(7); macOS (marked): struct tcp_connection_info.
 */
const NAMES = {
  /** Congestion control: 0 open, 1 disorder, 2 CWR, 3 recovery, 4 loss. */
  tcpi_ca_state: "congestionState",
  /** Retransmissions of the segment that waits for its acknowledgement. */
  tcpi_retransmits: "retransmits",
  /** Unanswered window or keep-alive probes. */
  tcpi_probes: "probes",
  /** How often the retransmission time was doubled. */
  tcpi_backoff: "backoff",
  /** Bits of what was negotiated: 1 timestamps, 2 SACK, 4 window scaling, 8 ECN ... */
  tcpi_options: "optionBits",
  /** Time until a segment is sent again. */
  tcpi_rto: "rtoUs",
  /** Time until an acknowledgement is sent without data to carry it. */
  tcpi_ato: "atoUs",
  tcpi_snd_mss: "sndMssBytes",
  tcpi_rcv_mss: "rcvMssBytes",
  /** Segments sent and not acknowledged. On a listener: connections that wait to be accepted. */
  tcpi_unacked: "unacked",
  /** Segments acknowledged selectively. On a listener: how many connections may wait. */
  tcpi_sacked: "sacked",
  /** Segments believed lost. */
  tcpi_lost: "lost",
  /** Segments sent again and not yet acknowledged. */
  tcpi_retrans: "retrans",
  /** Time since data was last sent. */
  tcpi_last_data_sent: "lastDataSentMs",
  /** Time since data was last received. */
  tcpi_last_data_recv: "lastDataRecvMs",
  /** Time since an acknowledgement was last received. */
  tcpi_last_ack_recv: "lastAckRecvMs",
  /** Path MTU. */
  tcpi_pmtu: "pmtuBytes",
  tcpi_rcv_ssthresh: "rcvSsthreshBytes",
  /** Smoothed round-trip time. */
  tcpi_rtt: "rttUs",
  /** How much the round-trip time varies. */
  tcpi_rttvar: "rttvarUs",
  /** Slow start ends here; 2147483647 means "not yet". */
  tcpi_snd_ssthresh: "sndSsthreshSegments",
  /** The congestion window. */
  tcpi_snd_cwnd: "sndCwndSegments",
  tcpi_advmss: "advmssBytes",
  /** Segments that may overtake each other before one is taken for lost. */
  tcpi_reordering: "reorderingSegments",
  /** Round-trip time as the receiving side estimates it. */
  tcpi_rcv_rtt: "rcvRttUs",
  /** Room that the kernel's buffer tuning aims at. */
  tcpi_rcv_space: "rcvSpaceBytes",
  /** Segments ever sent again. */
  tcpi_total_retrans: "totalRetrans",
  tcpi_pacing_rate: "pacingRateBytesPerSecond",
  /** 2^64-1 (rounded) means "no limit". */
  tcpi_max_pacing_rate: "maxPacingRateBytesPerSecond",
  /** RFC 4898 tcpEStatsAppHCThruOctetsAcked; the SYN counts as one. */
  tcpi_bytes_acked: "bytesAcked",
  /** RFC 4898 tcpEStatsAppHCThruOctetsReceived. */
  tcpi_bytes_received: "bytesReceived",
  tcpi_segs_out: "segsOut",
  tcpi_segs_in: "segsIn",
  /** Bytes in the send buffer that were never sent. */
  tcpi_notsent_bytes: "notsentBytes",
  /** The smallest round-trip time lately; 4294967295 means "none yet". */
  tcpi_min_rtt: "minRttUs",
  /** Segments with data. */
  tcpi_data_segs_in: "dataSegsIn",
  tcpi_data_segs_out: "dataSegsOut",
  tcpi_delivery_rate: "deliveryRateBytesPerSecond",
  /** Time spent sending or waiting to. */
  tcpi_busy_time: "busyTimeUs",
  /** Of that, limited by the peer's window. */
  tcpi_rwnd_limited: "rwndLimitedUs",
  /** Of that, limited by the send buffer. */
  tcpi_sndbuf_limited: "sndbufLimitedUs",
  /** Segments delivered, those sent again included. */
  tcpi_delivered: "delivered",
  /** Of those, marked by ECN. */
  tcpi_delivered_ce: "deliveredCe",
  /** Data bytes sent, those sent again included. */
  tcpi_bytes_sent: "bytesSent",
  tcpi_bytes_retrans: "bytesRetrans",
  /** Needless retransmissions, as the peer reported (RFC 2883). */
  tcpi_dsack_dups: "dsackDups",
  /** Times that reordering was seen. */
  tcpi_reord_seen: "reordSeen",
  /** Segments received out of order. */
  tcpi_rcv_ooopack: "rcvOoopack",
  /** The peer's window. macOS too. */
  tcpi_snd_wnd: "sndWndBytes",
  // macOS only; there tcpi_snd_cwnd, tcpi_snd_ssthresh are bytes and all times milliseconds.
  tcpi_snd_wscale: "sndWindowScale",
  tcpi_rcv_wscale: "rcvWindowScale",
  tcpi_flags: "flagBits",
  tcpi_maxseg: "maxSegmentBytes",
  tcpi_snd_sbbytes: "sendQueueBytes",
  tcpi_rcv_wnd: "rcvWndBytes",
  tcpi_rttcur: "lastRttMs",
  tcpi_srtt: "rttMs",
  tcpi_txpackets: "segsSent",
  tcpi_txbytes: "bytesTransmitted",
  tcpi_txretransmitbytes: "bytesRetransmitted",
  tcpi_rxpackets: "segsReceived",
  tcpi_rxbytes: "bytesDelivered",
  tcpi_rxoutoforderbytes: "bytesOutOfOrder",
} as const;

/** The same fields where macOS counts otherwise. */
const MACOS_NAMES: Readonly<Record<string, string>> = {
  tcpi_rto: "rtoMs",
  tcpi_rttvar: "rttvarMs",
  tcpi_snd_ssthresh: "sndSsthreshBytes",
  tcpi_snd_cwnd: "sndCwndBytes",
};

type MacosField = "rtoMs" | "rttvarMs" | "sndSsthreshBytes" | "sndCwndBytes";

/** The names of TCP_INFO's numbers, with their units. */
export type TcpInfoField = (typeof NAMES)[keyof typeof NAMES] | MacosField;

/** What the kernel knows about a connection. Fields it does not report are absent. */
export type TcpInfo = { readonly state: TcpState } & {
  readonly [Field in TcpInfoField]?: number;
};

/** TCP_INFO of an open TCP socket. @throws SystemError ENOPROTOOPT, EOPNOTSUPP for any other. */
export function readTcpInfo(kernel: Kernel, fd: Fd): TcpInfo {
  const values = new Float64Array(kernel.tcpInfoFields.length);
  const count = check("getsockopt", kernel.tcp_info(fd, values));
  const info: { state: TcpState; [field: string]: number | string } = {
    state: stateName(kernel, values[0]!),
  };
  const isMacos = kernel.tcpInfoFields.includes("tcpi_srtt");
  for (let i = 1; i < count; i++) {
    const name = fieldName(kernel.tcpInfoFields[i]!, isMacos);
    if (name !== undefined) info[name] = values[i]!;
  }
  return info;
}

function fieldName(field: string, isMacos: boolean): string | undefined {
  if (isMacos && field in MACOS_NAMES) return MACOS_NAMES[field];
  return field in NAMES ? NAMES[field as keyof typeof NAMES] : undefined;
}

const first = new Float64Array(1);

/** The state of an open TCP socket; undefined where the kernel does not tell. */
export function readTcpState(kernel: Kernel, fd: Fd): TcpState | undefined {
  return kernel.tcp_info(fd, first) < 1 ? undefined : stateName(kernel, first[0]!);
}

function stateName(kernel: Kernel, number: number): TcpState {
  const name = kernel.tcpStates[number];
  if (name !== undefined && isTcpState(name)) return name;
  throw new Error(`The kernel reports an unknown TCP state: ${number}`);
}

function isTcpState(name: string): name is TcpState {
  return STATES.has(name);
}
