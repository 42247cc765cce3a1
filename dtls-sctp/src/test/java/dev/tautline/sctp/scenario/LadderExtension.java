package dev.tautline.sctp.scenario;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/** Records a ladder from the making of the test's object to the end of its method. */
final class LadderExtension implements InvocationInterceptor {
  @Override
  public <T> T interceptTestClassConstructor(
      Invocation<T> invocation,
      ReflectiveInvocationContext<Constructor<T>> constructor,
      ExtensionContext context)
      throws Throwable {
    // The object of an inner class is made after the one around it, whose packets count.
    Ladder ladder =
        isInner(constructor.getTargetClass())
            ? Ladder.current().orElseGet(Ladder::begin)
            : Ladder.begin();
    try {
      return invocation.proceed();
    } catch (AssertionError | RuntimeException e) {
      Ladder.end();
      throw explained(e, ladder);
    }
  }

  private static boolean isInner(Class<?> testClass) {
    return testClass.isMemberClass() && !Modifier.isStatic(testClass.getModifiers());
  }

  @Override
  public void interceptTestMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    record(invocation, method.getExecutable());
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    record(invocation, method.getExecutable());
  }

  private static void record(Invocation<Void> invocation, Method method) throws Throwable {
    Ladder ladder = Ladder.current().orElseGet(Ladder::begin);
    try {
      invocation.proceed();
    } catch (TestAbortedException e) {
      throw e;
    } catch (AssertionError | RuntimeException e) {
      throw explained(e, ladder);
    } finally {
      Ladder.end();
    }
    if (ladder.isScenario()) {
      String name = method.getDeclaringClass().getTypeName() + "." + method.getName();
      LadderRegistry.add(name, ladder);
    }
  }

  private static AssertionFailedError explained(Throwable failure, Ladder ladder) {
    return new AssertionFailedError(failure + "\n" + ladder.show(), failure);
  }
}
