package hesuan.group;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Vectors: RFC 9496 appendix A, RFC 9380 appendix K.3, RFC 9497 appendix A.1.1. */
class RistrettoTest {
  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  static final String[] MULTIPLES = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
    "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
    "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
    "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
    "e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
    "f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403",
    "44f53520926ec81fbd5a387845beb7df85a96a24ece18738bdcfa6a7822a176d",
    "903293d8f2287ebe10e2374dc1a53e0bc887e592699f02d077d5263cdd55601c",
    "02622ace8f7303a31cafc63f8fc48fdc16e1c8c8d234b2f0d6685282a9076031",
    "20706fd788b2720a1ed2a5dad4952b01f413bcf0e7564de8cdc816689e2db95f",
    "bce83f8ba5dd2fa572864c24ba1810f9522bc6004afe95877ac73241cafdab42",
    "e4549ee16b9aa03099ca208c67adafcafa4c3f3e4e5303de6026e3ca8ff84460",
    "aa52e000df2e16f55fb1032fc33bc42742dad6bd5a8fc0be0167436c5948501f",
    "46376b80f409b29dc2b5f6f0c52591990896e5716f41477cd30085ab7f10301e",
    "e0c418f7c8d9c4cdd7395b93ea124f3ad99021bb681dfc3302a9d99a2e53e64e"
  };

  @Test
  void generatorMultiples_matchTheVectors_onEveryPath() {
    FixedBase comb = new FixedBase(Element.GENERATOR);
    Element sum = Element.IDENTITY;
    for (int i = 0; i < MULTIPLES.length; i++) {
      assertEquals(MULTIPLES[i], hex(sum.encode()));
      assertEquals(MULTIPLES[i], hex(Element.GENERATOR.times(Scalar.of(i)).encode()));
      assertEquals(MULTIPLES[i], hex(comb.times(Scalar.of(i)).encode()));
      assertEquals(MULTIPLES[i], hex(Element.decode(hex(MULTIPLES[i])).orElseThrow().encode()));
      assertEquals(i == 0, sum.isIdentity());
      sum = sum.plus(Element.GENERATOR);
    }
  }

  static final String[] BAD_ENCODINGS = {
    // Non-canonical field elements.
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    // Negative field elements.
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
    "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
    "c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
    "47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
    "f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
    "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
    // Non-square x^2.
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
    "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b",
    "bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
    "2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
    "f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
    "8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
    "2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
    // Negative xy.
    "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
    "a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
    "d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
    "8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
    "32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
    "227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
    "5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
    "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
    // s = -1, so y = 0.
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
  };

  @ParameterizedTest
  @FieldSource("BAD_ENCODINGS")
  void decode_ofBadEncoding_isEmpty(String encoding) {
    assertTrue(Element.decode(hex(encoding)).isEmpty());
    byte[] out = new byte[32];
    assertEquals(1, Points.multiply(hex(encoding), 1, Scalar.of(7), out, Workers.ONE));
  }

  @Test
  void multiply_ofIdentity_isCountedAsBad() {
    byte[] in = new byte[64];
    System.arraycopy(Element.GENERATOR.encode(), 0, in, 32, 32);
    assertEquals(1, Points.multiply(in, 2, Scalar.of(7), new byte[64], Workers.ONE));
  }

  @ParameterizedTest
  @CsvSource({
    "5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c14d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6,3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46",
    "f116b34b8f17ceb56e8732a60d913dd10cce47a6d53bee9204be8b44f6678b270102a56902e2488c46120e9276cfe54638286b9e4b3cdb470b542d46c2068d38,f26e5b6f7d362d2d2a94c5d0e7602cb4773c95a2e5c31a64f133189fa76ed61b",
    "8422e1bbdaab52938b81fd602effb6f89110e1e57208ad12d9ad767e2e25510c27140775f9337088b982d83d7fcf0b2fa1edffe51952cbe7365e95c86eaf325c,006ccd2a9e6867e6a2c5cea83d3302cc9de128dd2a9a57dd8ee7b9d7ffe02826",
    "ac22415129b61427bf464e17baee8db65940c233b98afce8d17c57beeb7876c2150d15af1cb1fb824bbd14955f2b57d08d388aab431a391cfc33d5bafb5dbbaf,f8f0c87cf237953c5890aec3998169005dae3eca1fbb04548c635953c817f92a",
    "165d697a1ef3d5cf3c38565beefcf88c0f282b8e7dbd28544c483432f1cec7675debea8ebb4e5fe7d6f6e5db15f15587ac4d4d4a1de7191e0c1ca6664abcc413,ae81e7dedf20a497e10c304a765c1767a42d6e06029758d2d7e8ef7cc4c41179",
    "a836e6c9a9ca9f1e8d486273ad56a78c70cf18f0ce10abb1c7172ddd605d7fd2979854f47ae1ccf204a33102095b4200e5befc0465accc263175485f0e17ea5c,e2705652ff9f5e44d3e841bf1c251cf7dddb77d140870d1ab2ed64f1a9ce8628",
    "2cdc11eaeb95daf01189417cdddbf95952993aa9cb9c640eb5058d09702c74622c9965a697a3b345ec24ee56335b556e677b30e6f90ac77d781064f866a3c982,80bd07262511cdde4863f8a7434cef696750681cb9510eea557088f76d9e5065",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff1200000000000000000000000000000000000000000000000000000000000000,304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f",
    "0000000000000000000000000000000000000000000000000000000000000080ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f,304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f",
    "00000000000000000000000000000000000000000000000000000000000000001200000000000000000000000000000000000000000000000000000000000080,304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f"
  })
  void map_matchesTheVectors(String uniform, String element) {
    assertEquals(element, hex(Element.map(hex(uniform)).encode()));
  }

  @ParameterizedTest
  @CsvSource({
    "'',32,6b9a7312411d92f921c6f68ca0b6380730a1a4d982c507211a90964c394179ba",
    "abc,32,0da749f12fbe5483eb066a5f595055679b976e93abe9be6f0f6318bce7aca8dc",
    "abcdef0123456789,32,087e45a86e2939ee8b91100af1583c4938e0f5fc6c9db4b107b83346bc967f58",
    "'',128,41b037d1734a5f8df225dd8c7de38f851efdb45c372887be655212d07251b921b052b62eaed99b46f72f2ef4cc96bfaf254ebbbec091e1a3b9e4fb5e5b619d2e0c5414800a1d882b62bb5cd1778f098b8eb6cb399d5d9d18f5d5842cf5d13d7eb00a7cff859b605da678b318bd0e65ebff70bec88c753b159a805d2c89c55961"
  })
  void expandMessage_matchesTheVectors(String message, int length, String expected) {
    HashToGroup hash = new HashToGroup("QUUX-V01-CS02-with-expander-SHA512-256");
    assertEquals(expected, hex(hash.expand(message.getBytes(StandardCharsets.US_ASCII), length)));
  }

  @ParameterizedTest
  @CsvSource({
    "00,609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c,7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e,527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6",
    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a,da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418,b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25,f4a74c9c592497375e796aa837e907b1a045d34306a749db9f34221f7e750cb4f2a6413a6bf6fa5e19ba6348eb673934a722a7ede2e7621306d18951e7cf2c73"
  })
  void hashBlindEvaluateUnblind_matchesTheOprfVectors(
      String input, String blinded, String evaluated, String output) throws Exception {
    Scalar key = little("5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e");
    Scalar blind = little("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706");
    HashToGroup hash = new HashToGroup("HashToGroup-OPRFV1-\0-ristretto255-SHA512");

    Element blindedElement = hash.hash(hex(input)).times(blind);
    assertEquals(blinded, hex(blindedElement.encode()));
    Element evaluatedElement = blindedElement.times(key);
    assertEquals(evaluated, hex(evaluatedElement.encode()));

    MessageDigest sha512 = MessageDigest.getInstance("SHA-512");
    sha512.update(new byte[] {0, (byte) hex(input).length});
    sha512.update(hex(input));
    sha512.update(new byte[] {0, 32});
    sha512.update(evaluatedElement.times(blind.inverse()).encode());
    sha512.update("Finalize".getBytes(StandardCharsets.US_ASCII));
    assertEquals(output, hex(sha512.digest()));
  }

  static Scalar little(String text) {
    byte[] big = hex(text);
    for (int i = 0; i < 16; i++) {
      byte swap = big[i];
      big[i] = big[31 - i];
      big[31 - i] = swap;
    }
    return Scalar.of(new BigInteger(1, big));
  }

  @Test
  void groupLaws_holdForRandomScalars() {
    Random random = new Random(1);
    FixedBase comb = new FixedBase(Element.GENERATOR);
    assertTrue(Element.GENERATOR.times(Scalar.of(Scalar.ORDER)).isIdentity());
    Scalar last = Scalar.of(Scalar.ORDER.subtract(BigInteger.ONE));
    assertTrue(Element.GENERATOR.times(last).plus(Element.GENERATOR).isIdentity());
    for (int i = 0; i < 200; i++) {
      BigInteger a = new BigInteger(252, random);
      BigInteger b = new BigInteger(252, random);
      Element ga = Element.GENERATOR.times(Scalar.of(a));
      Element gb = comb.times(Scalar.of(b));
      assertEquals(Element.GENERATOR.times(Scalar.of(a.add(b))), ga.plus(gb));
      assertEquals(Element.GENERATOR.times(Scalar.of(a.subtract(b))), ga.minus(gb));
      assertEquals(ga.times(Scalar.of(b)), gb.times(Scalar.of(a)));
      assertEquals(ga, ga.times(Scalar.of(b)).times(Scalar.of(b).inverse()));
      assertFalse(ga.equals(gb));
    }
  }

  @Test
  void batches_agreeWithSingleElements_forAnyNumberOfWorkers() throws Exception {
    int items = 37;
    byte[] keys = new byte[items * 32];
    new Random(2).nextBytes(keys);
    Scalar scalar = Scalar.of(new BigInteger(252, new Random(3)));
    try (var pool = java.util.concurrent.Executors.newFixedThreadPool(2)) {
      byte[] one = new byte[items * 32];
      byte[] three = new byte[items * 32];
      Points.hashMultiply("test", keys, items, scalar, one, Workers.ONE);
      Points.hashMultiply("test", keys, items, scalar, three, Workers.of(3, pool));
      assertArrayEquals(one, three);
      HashToGroup hash = new HashToGroup("test");
      for (int i = 0; i < items; i++) {
        byte[] key = java.util.Arrays.copyOfRange(keys, i * 32, i * 32 + 32);
        assertEquals(
            hex(hash.hash(key).times(scalar).encode()),
            hex(java.util.Arrays.copyOfRange(one, i * 32, i * 32 + 32)));
      }
      assertEquals(0, Points.multiply(one, items, scalar.inverse(), one, Workers.of(3, pool)));
      Points.hashMultiply("test", keys, items, Scalar.of(1), three, Workers.ONE);
      assertArrayEquals(three, one);
    }
  }
}
