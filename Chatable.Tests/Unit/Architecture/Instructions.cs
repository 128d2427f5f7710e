using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Chatable.Tests.Unit.Architecture;

/// <summary>Reads the IL of a method.</summary>
internal static class Instructions
{
    private const byte TwoBytes = 0xFE;

    private static readonly Dictionary<int, OperandType> s_operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value & 0xFFFF, code => code.OperandType);

    /// <summary>The metadata tokens in the IL: types, fields, methods, signatures.</summary>
    public static IEnumerable<int> Tokens(byte[] il)
    {
        for (var at = 0; at < il.Length;)
        {
            int code = il[at++];
            if (code == TwoBytes)
                code = code << 8 | il[at++];
            var operand = s_operands[code];
            if (operand is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                yield return BinaryPrimitives.ReadInt32LittleEndian(il.AsSpan(at));
            at += operand is OperandType.InlineSwitch
                ? sizeof(int) * (1 + BinaryPrimitives.ReadInt32LittleEndian(il.AsSpan(at)))
                : SizeOf(operand);
        }
    }

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}
