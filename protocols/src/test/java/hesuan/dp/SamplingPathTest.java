package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Reads the byte code of whatever a draw can reach in this package: none of it computes with
 * floating point, whose low-order bits and rounding leak.
 */
class SamplingPathTest {
  /** DADD, FLOAD_1, I2D, D2L ... but not DUP. */
  private static final Pattern FLOATING = Pattern.compile("[DF](?!UP).*|[ILDF]2[DF]");

  private record Reached(String owner, String name, String descriptor) {}

  @Test
  void draws_touchNoFloatingPoint() throws IOException {
    assertEquals(Set.of(), floating(DiscreteLaplace.class, "draw", "<init>"));
    assertEquals(Set.of(), floating(DiscreteGaussian.class, "draw", "<init>"));
  }

  @Test
  void check_aMethodThatComputesWithDoubles_isSeen() throws IOException {
    assertFalse(floating(NoiseScale.class, "rate").isEmpty());
    assertFalse(floating(NoiseInterval.class, "of").isEmpty());
  }

  private static Set<String> floating(Class<?> owner, String... names) throws IOException {
    Set<String> found = new TreeSet<>();
    Set<Reached> seen = new HashSet<>();
    Deque<Reached> open = new ArrayDeque<>();
    for (MethodModel method : model(owner.getName().replace('.', '/')).methods()) {
      if (Arrays.asList(names).contains(method.methodName().stringValue())) {
        open.add(
            new Reached(
                owner.getName().replace('.', '/'),
                method.methodName().stringValue(),
                method.methodType().stringValue()));
      }
    }
    assertTrue(!open.isEmpty(), "nothing to read");
    while (!open.isEmpty()) {
      Reached reached = open.pop();
      if (!seen.add(reached) || !reached.owner.startsWith("hesuan/dp/")) {
        continue;
      }
      for (MethodModel method : model(reached.owner).methods()) {
        if (method.methodName().stringValue().equals(reached.name)
            && method.methodType().stringValue().equals(reached.descriptor)) {
          read(reached, method, found, open);
        }
      }
    }
    return found;
  }

  private static void read(
      Reached reached, MethodModel method, Set<String> found, Deque<Reached> open) {
    for (CodeElement element : method.code().map(c -> c.elementList()).orElse(List.of())) {
      if (!(element instanceof Instruction instruction)) {
        continue;
      }
      boolean floating = FLOATING.matcher(instruction.opcode().name()).matches();
      switch (instruction) {
        case ConstantInstruction constant -> floating |= isFloating(constant.typeKind());
        case FieldInstruction field ->
            floating |= isFloating(TypeKind.fromDescriptor(field.type().stringValue()));
        case InvokeInstruction call -> {
          MethodTypeDesc type = call.typeSymbol();
          floating |= isFloating(TypeKind.from(type.returnType()));
          floating |= type.parameterList().stream().anyMatch(p -> isFloating(TypeKind.from(p)));
          open.add(
              new Reached(
                  call.owner().asInternalName(),
                  call.name().stringValue(),
                  call.type().stringValue()));
        }
        default -> {}
      }
      if (floating) {
        found.add(reached.owner + "." + reached.name);
      }
    }
  }

  private static boolean isFloating(TypeKind kind) {
    return kind == TypeKind.DOUBLE || kind == TypeKind.FLOAT;
  }

  private static ClassModel model(String internalName) throws IOException {
    try (InputStream in =
        SamplingPathTest.class.getClassLoader().getResourceAsStream(internalName + ".class")) {
      return ClassFile.of().parse(in.readAllBytes());
    }
  }
}
