package dev.tautline.rpc.expose;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The table of one interface, or of one object that was built member by member. Immutable. */
public final class ExposedType {
  private final String description;
  private final Map<String, Member> members;
  private final Member.@Nullable Operation self;
  private final boolean data;
  private final @Nullable Invoker releaser;

  ExposedType(
      String description,
      Map<String, Member> members,
      Member.@Nullable Operation self,
      boolean data,
      @Nullable Invoker releaser) {
    this.description = description;
    this.members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    this.self = self;
    this.data = data;
    this.releaser = releaser;
  }

  @Nullable Member member(String name) {
    return members.get(name);
  }

  Map<String, Member> members() {
    return members;
  }

  Member.@Nullable Operation self() {
    return self;
  }

  boolean isData() {
    return data;
  }

  /** Tells the object that no peer can reach it any more. */
  public void released(Object object) throws Throwable {
    if (releaser != null) {
      releaser.invoke(object, new Object[0]);
    }
  }

  /** Whether objects of this type want to be told of their release. */
  public boolean hasReleaser() {
    return releaser != null;
  }

  @Override
  public String toString() {
    return description + members.keySet();
  }
}
