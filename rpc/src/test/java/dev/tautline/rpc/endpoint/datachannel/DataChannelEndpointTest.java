package dev.tautline.rpc.endpoint.datachannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelOptions;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** RPC over a data channel of two connections in this JVM, through every layer below. */
@Timeout(60)
class DataChannelEndpointTest {
  interface Api {
    String greet(String name);

    byte[] reverse(byte[] bytes);

    int twice(UnaryOperator<Integer> f, int x);
  }

  static final class ApiObject implements Api {
    @Override
    public String greet(String name) {
      return "Hello " + name;
    }

    @Override
    public byte[] reverse(byte[] bytes) {
      byte[] result = new byte[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        result[i] = bytes[bytes.length - 1 - i];
      }
      return result;
    }

    @Override
    public int twice(UnaryOperator<Integer> f, int x) {
      return f.apply(f.apply(x));
    }
  }

  private static PeerConnectionOptions loopback() {
    return PeerConnectionOptions.builder().includeLoopback(true).build();
  }

  private static void connect(PeerConnection a, PeerConnection b) throws Exception {
    a.setLocalDescription().get(10, TimeUnit.SECONDS);
    a.gatheringComplete().get(20, TimeUnit.SECONDS);
    b.setRemoteDescription(a.localDescription().orElseThrow()).get(10, TimeUnit.SECONDS);
    b.setLocalDescription().get(10, TimeUnit.SECONDS);
    b.gatheringComplete().get(20, TimeUnit.SECONDS);
    a.setRemoteDescription(b.localDescription().orElseThrow()).get(10, TimeUnit.SECONDS);
  }

  @Test
  void callsGoBothWaysAndEndWithTheChannel() throws Exception {
    try (Tautline tautline = Tautline.create();
        PeerConnection a = tautline.createPeerConnection(loopback());
        PeerConnection b = tautline.createPeerConnection(loopback())) {
      CompletableFuture<RpcConnection> answered = new CompletableFuture<>();
      b.onDataChannel(
          channel ->
              answered.complete(
                  Rpc.connect(DataChannelEndpoint.of(channel)).expose(Api.class, new ApiObject())));
      DataChannel channel = a.createDataChannel("tautline");
      // Before the channel is open: what is sent waits for it.
      RpcConnection near = Rpc.connect(DataChannelEndpoint.of(channel));
      near.expose(Api.class, new ApiObject());
      CompletableFuture<JsValue> early = near.remote().call("greet", "Eva");
      connect(a, b);

      assertThat(early.get(20, TimeUnit.SECONDS).asString()).isEqualTo("Hello Eva");
      RpcConnection far = answered.get(10, TimeUnit.SECONDS);
      assertThat(far.wrap(Api.class).greet("Bo")).isEqualTo("Hello Bo");
      Api api = near.wrap(Api.class);
      assertThat(api.twice(x -> x * 3, 2)).isEqualTo(18);
      byte[] bytes = new byte[1_500_000];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (i * 13);
      }
      assertThat(api.reverse(api.reverse(bytes))).isEqualTo(bytes);
      List<CompletableFuture<JsValue>> many = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        many.add(near.remote().call("greet", "x".repeat(1000)));
      }
      for (CompletableFuture<JsValue> call : many) {
        assertThat(call.get(20, TimeUnit.SECONDS).asString()).startsWith("Hello x");
      }

      CompletableFuture<String> closed = near.closed();
      far.close();
      assertThat(closed.get(10, TimeUnit.SECONDS)).isNotEmpty();
      assertThatThrownBy(() -> api.greet("nobody"))
          .isInstanceOfSatisfying(
              RpcException.class, e -> assertThat(e.code()).isEqualTo(RpcException.Code.CLOSED));
    }
  }

  @Test
  void aChannelThatMayLoseMessagesIsRefused() {
    try (Tautline tautline = Tautline.create();
        PeerConnection connection = tautline.createPeerConnection()) {
      DataChannel channel =
          connection.createDataChannel(
              "lossy", DataChannelOptions.builder().ordered(false).build());
      assertThatThrownBy(() -> DataChannelEndpoint.of(channel))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("lossy");
    }
  }
}
