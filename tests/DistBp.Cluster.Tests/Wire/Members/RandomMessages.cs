using System.Reflection;
using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Wire.Members;

/// <summary>Messages between members with random contents, made and compared property by property, so that a new one needs nothing here.</summary>
internal sealed class RandomMessages(int seed)
{
    private readonly Random _random = new(seed);
    private int _length;
    private bool _withNulls;

    public static IEnumerable<Type> Kinds => typeof(MemberMessage).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(MemberMessage)) && !t.IsAbstract);

    /// <param name="length">Of every list and memory.</param>
    /// <param name="withNulls">What may be null is.</param>
    public MemberMessage Create(Type kind, int length, bool withNulls)
    {
        (_length, _withNulls) = (length, withNulls);
        return (MemberMessage)Value(kind);
    }

    /// <summary>Where both differ; null: nowhere.</summary>
    public static string? Difference(object? left, object? right, string where)
    {
        if (left is null || right is null) return left is null && right is null ? null : $"{where}: one is null";
        Type type = left.GetType();
        if (type != right.GetType() && left is not System.Collections.IEnumerable) return $"{where}: {type.Name} and {right.GetType().Name}";
        if (Elements(left) is { } elements)
        {
            object?[] others = Elements(right)!;
            if (elements.Length != others.Length) return $"{where}: {elements.Length} and {others.Length} elements";
            return elements.Zip(others).Select((pair, i) => Difference(pair.First, pair.Second, $"{where}[{i}]")).FirstOrDefault(d => d is not null);
        }
        if (type.IsPrimitive || type.IsEnum) return left.Equals(right) ? null : $"{where}: {left} and {right}";
        return Properties(type).Select(p => Difference(p.GetValue(left), p.GetValue(right), $"{where}.{p.Name}")).FirstOrDefault(d => d is not null);
    }

    private static object?[]? Elements(object value)
    {
        Type type = value.GetType();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ReadOnlyMemory<>))
            value = type.GetMethod(nameof(ReadOnlyMemory<>.ToArray))!.Invoke(value, null)!;
        return value is System.Collections.IEnumerable list ? [.. list.Cast<object?>()] : null;
    }

    // What a primary constructor or an initializer sets; the rest is derived from it.
    private static IEnumerable<PropertyInfo> Properties(Type type)
        => Constructor(type).GetParameters().Select(p => type.GetProperty(p.Name!, BindingFlags.Public | BindingFlags.Instance)!).Concat(Initialized(type));

    private static IEnumerable<PropertyInfo> Initialized(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.CanWrite && !Constructor(type).GetParameters().Any(c => c.Name == p.Name) && p.DeclaringType != typeof(MemberMessage));

    private static ConstructorInfo Constructor(Type type) => type.GetConstructors().MaxBy(c => c.GetParameters().Length)!;

    private object Value(Type type)
    {
        if (type == typeof(int)) return _random.Next();
        if (type == typeof(long)) return _random.NextInt64();
        if (type == typeof(double)) return _random.NextDouble();
        if (type == typeof(float)) return _random.NextSingle();
        if (type == typeof(bool)) return _random.Next(2) == 0;
        if (type.IsEnum) return Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(v => Enum.ToObject(type, v)).ElementAt(_random.Next(Enum.GetValues(type).Length));
        if (type == typeof(Subtree)) return new Subtree(_random.Next(100), 1 + _random.Next(100));
        if (type.IsGenericType && type.GetGenericArguments() is [{ } element])
        {
            var array = Array.CreateInstance(element, _length);
            for (int i = 0; i < _length; i++) array.SetValue(Value(element), i);
            return type.GetGenericTypeDefinition() == typeof(ReadOnlyMemory<>) ? Activator.CreateInstance(type, array)! : array;
        }
        if (type == typeof(GradientEncoding)) return Encoding();
        if (type == typeof(ulong)) return (ulong)_random.NextInt64();
        if (type == typeof(TrainingProgress)) return Progress();
        // A report of a step.
        if (type == typeof(MemberMessage)) return Value(_random.Next(2) == 0 ? typeof(StepCommitted) : typeof(StepSkipped));
        ConstructorInfo constructor = Constructor(type);
        object made = constructor.Invoke([.. constructor.GetParameters().Select(p => _withNulls && MayBeNull(p) ? null : Value(p.ParameterType))]);
        if (made is GradientPart part) return Encoded(part);
        foreach (PropertyInfo property in Initialized(type)) property.SetValue(made, _withNulls && MayBeNull(property) ? null : Value(property.PropertyType));
        return made;
    }

    /// <summary>Its numbers are kept as doubles, and lists of none not at all.</summary>
    private TrainingProgress Progress() => new()
    {
        EpochsCompleted = _random.Next(),
        EpochSums = Sums() ?? [],
        TrainSums = Sums(),
        ValidationSums = Sums(),
        BestMetric = _withNulls ? double.NaN : _random.NextDouble(),
        BestEpoch = _random.Next(),
        EpochsSinceBest = _random.Next(),
        BestTrainSums = Sums(),
        BestValidationSums = Sums(),
        StoppedEarly = _random.Next(2) == 0,
        RateFactor = _random.NextDouble(),
        PlateauBest = _withNulls ? double.NaN : _random.NextDouble(),
        PlateauEpochs = _random.Next(),
        ClippedSteps = _random.Next(),
        SkippedSteps = _random.Next(),
    };

    private double[]? Sums() => _withNulls || _length == 0 ? null : [.. Enumerable.Range(0, _length).Select(_ => _random.NextDouble())];

    private GradientEncoding Encoding()
    {
        EncodingKind kind = Enum.GetValues<EncodingKind>()[_random.Next(5)];
        return new GradientEncoding(kind, kind == EncodingKind.TopK ? 1 - _random.NextDouble() : 0);
    }

    /// <summary>A code is as long as its encoding says.</summary>
    private GradientPart Encoded(GradientPart part)
    {
        GradientEncoding encoding = Encoding();
        if (encoding.IsExact) return part;
        int count = _random.Next(3 * ParameterLayout.BlockLength);
        var code = new byte[encoding.ByteCount(count)];
        _random.NextBytes(code);
        return part with { Encoding = encoding, EncodedCount = count, Code = code };
    }

    private static bool MayBeNull(PropertyInfo property)
        => !property.PropertyType.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    private static bool MayBeNull(ParameterInfo parameter)
        => !parameter.ParameterType.IsValueType && new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.Nullable;
}
