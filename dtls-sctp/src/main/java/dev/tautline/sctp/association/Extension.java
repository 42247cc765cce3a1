package dev.tautline.sctp.association;

import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Parameter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Extensions that INIT and INIT ACK negotiate. */
enum Extension {
  /** FORWARD-TSN, RFC 3758. */
  FORWARD_TSN,
  /** RE-CONFIG, RFC 6525. */
  RE_CONFIG,
  /** I-DATA and I-FORWARD-TSN, RFC 8260. */
  INTERLEAVING,
  /** Checksums may be 0, RFC 9653. */
  ZERO_CHECKSUM;

  /** The error detection method identifier of DTLS, RFC 9653 section 4. */
  private static final int EDMID_DTLS = 1;

  /** What the options allow. */
  static Set<Extension> offeredBy(AssociationOptions options) {
    var extensions = EnumSet.of(RE_CONFIG);
    if (options.partialReliability()) {
      extensions.add(FORWARD_TSN);
    }
    if (options.interleaving()) {
      extensions.add(INTERLEAVING);
    }
    if (options.zeroChecksum()) {
      extensions.add(ZERO_CHECKSUM);
    }
    return extensions;
  }

  /** The parameters that announce them. */
  static List<Parameter> toParameters(Set<Extension> extensions) {
    var parameters = new ArrayList<Parameter>();
    var chunkTypes = new WireWriter(4);
    if (extensions.contains(RE_CONFIG)) {
      chunkTypes.u8(ChunkType.RE_CONFIG);
    }
    if (extensions.contains(FORWARD_TSN)) {
      chunkTypes.u8(ChunkType.FORWARD_TSN);
      parameters.add(new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY));
    }
    if (extensions.contains(INTERLEAVING)) {
      chunkTypes.u8(ChunkType.I_DATA).u8(ChunkType.I_FORWARD_TSN);
    }
    parameters.add(
        new Parameter(
            Parameter.SUPPORTED_EXTENSIONS,
            Octets.copyOf(chunkTypes.array(), 0, chunkTypes.written())));
    if (extensions.contains(ZERO_CHECKSUM)) {
      parameters.add(
          new Parameter(
              Parameter.ZERO_CHECKSUM_ACCEPTABLE,
              Octets.copyOf(new WireWriter(4).u32(EDMID_DTLS).array())));
    }
    return parameters;
  }

  /** What an INIT or INIT ACK announces. */
  static Set<Extension> announcedBy(InitBody body) {
    var extensions = EnumSet.noneOf(Extension.class);
    if (body.parameter(Parameter.SUPPORTED_EXTENSIONS).isEmpty()) {
      // A peer without a list says nothing about RE-CONFIG, which RFC 8831 section 6.2 demands of
      // it. One that does not know the chunk skips it: the request then fails by its own limit.
      extensions.add(RE_CONFIG);
    }
    for (Parameter parameter : body.parameters()) {
      switch (parameter.type()) {
        case Parameter.FORWARD_TSN_SUPPORTED -> extensions.add(FORWARD_TSN);
        case Parameter.SUPPORTED_EXTENSIONS ->
            addListed(parameter.value().toByteArray(), extensions);
        case Parameter.ZERO_CHECKSUM_ACCEPTABLE -> {
          byte[] value = parameter.value().toByteArray();
          if (value.length == 4 && WireReader.i32At(value, 0) == EDMID_DTLS) {
            extensions.add(ZERO_CHECKSUM);
          }
        }
        default -> {
          // Not an extension's; Establishment looks at what is unknown.
        }
      }
    }
    return extensions;
  }

  private static void addListed(byte[] chunkTypes, Set<Extension> extensions) {
    boolean data = false;
    boolean forward = false;
    for (byte chunkType : chunkTypes) {
      switch (chunkType & 0xff) {
        case ChunkType.RE_CONFIG -> extensions.add(RE_CONFIG);
        case ChunkType.FORWARD_TSN -> extensions.add(FORWARD_TSN);
        case ChunkType.I_DATA -> data = true;
        case ChunkType.I_FORWARD_TSN -> forward = true;
        default -> {
          // An extension that we do not have.
        }
      }
    }
    // Without a way to skip messages of I-DATA, partial reliability would end: both or none.
    if (data && forward) {
      extensions.add(INTERLEAVING);
    }
  }

  /** As bits of a cookie. */
  static int toBits(Set<Extension> extensions) {
    int bits = 0;
    for (Extension extension : extensions) {
      bits |= 1 << extension.ordinal();
    }
    return bits;
  }

  /** From bits of a cookie. */
  static Set<Extension> fromBits(int bits) {
    var extensions = EnumSet.noneOf(Extension.class);
    for (Extension extension : values()) {
      if ((bits & 1 << extension.ordinal()) != 0) {
        extensions.add(extension);
      }
    }
    return extensions;
  }
}
