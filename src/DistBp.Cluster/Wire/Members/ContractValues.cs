using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Google.Protobuf.Collections;

namespace DistBp.Cluster.Wire.Members;

/// <summary>The small values inside messages, between the protocol and the contract. What cannot be one ends the call with INTERNAL.</summary>
internal static class ContractValues
{
    public static Contract.Address ToContract(this Address address) => new() { Role = (Contract.Role)address.Role, Index = address.Index };

    public static Address ToProtocol(this Contract.Address? address)
    {
        Require(address, "an address");
        return new Address(Known((Role)address.Role), address.Index);
    }

    public static Contract.Generation ToContract(this Generation generation) => new() { Term = generation.Term, Number = generation.Number };

    public static Generation ToProtocol(this Contract.Generation? generation)
    {
        Require(generation, "a generation");
        return new Generation(generation.Term, generation.Number);
    }

    public static Contract.Assignment ToContract(this Assignment assignment) => new()
    {
        Generation = assignment.Generation.ToContract(), Workers = { assignment.Workers }, Servers = { assignment.Servers },
        Slices = assignment.Slices, UpdatedCount = assignment.UpdatedCount, Replication = assignment.Replication,
    };

    public static Assignment ToProtocol(this Contract.Assignment? assignment)
    {
        Require(assignment, "an assignment");
        if (assignment.Replication < 0) throw Malformed($"{assignment.Replication} copies of each shard");
        return new Assignment(
            assignment.Generation.ToProtocol(), Members(assignment.Workers), Members(assignment.Servers), assignment.Slices,
            assignment.UpdatedCount)
        {
            Replication = assignment.Replication,
        };
    }

    public static Contract.Course ToContract(this Course course) =>
        new() { From = course.From, Progress = { course.Progress.ToNumbers().ToDictionary() }, AtStop = course.AtStop };

    public static Course ToProtocol(this Contract.Course course)
    {
        try
        {
            return new Course(course.From, TrainingProgress.FromNumbers(course.Progress.AsReadOnly()), course.AtStop);
        }
        catch (KeyNotFoundException missing)
        {
            throw Malformed($"a course without all its numbers: {missing.Message}");
        }
    }

    public static Contract.ShardDigest ToContract(this ShardDigest digest) => new() { Owner = digest.Owner, Digest = digest.Digest };

    public static ShardDigest ToProtocol(this Contract.ShardDigest digest) => new(digest.Owner, digest.Digest);

    public static Contract.CopyPlace ToContract(this CopyPlace copy) => new() { Owner = copy.Owner, Backup = copy.Backup };

    public static CopyPlace ToProtocol(this Contract.CopyPlace copy) => new(copy.Owner, copy.Backup);

    public static Contract.ParameterShard ToContract(this ParameterShard shard) => new() { Offset = shard.Offset, Count = shard.Count };

    public static ParameterShard ToProtocol(this Contract.ParameterShard? shard)
    {
        Require(shard, "a shard");
        return new ParameterShard(shard.Offset, shard.Count);
    }

    public static Contract.Subtree ToContract(this Subtree subtree) => new() { First = subtree.First, Count = subtree.Count };

    public static Subtree ToProtocol(this Contract.Subtree? subtree)
    {
        Require(subtree, "a subtree");
        if (subtree.First < 0 || subtree.Count < 1) throw Malformed($"a subtree of {subtree.Count} from {subtree.First}");
        return new Subtree(subtree.First, subtree.Count);
    }

    public static Contract.SubtreeSums ToContract(this SubtreeSums sums) => new() { Subtree = sums.Subtree.ToContract(), Sums = { sums.Sums } };

    public static SubtreeSums ToProtocol(this Contract.SubtreeSums sums) => new(sums.Subtree.ToProtocol(), [.. sums.Sums]);

    public static Contract.Contribution ToContract(this Contribution contribution) =>
        new() { Subtree = contribution.Subtree.ToContract(), Worker = contribution.Worker, Staleness = contribution.Staleness };

    public static Contribution ToProtocol(this Contract.Contribution contribution) =>
        new(contribution.Subtree.ToProtocol(), contribution.Worker, contribution.Staleness);

    public static Contract.SegmentNorms ToContract(this SegmentNorms norms)
    {
        var written = new Contract.SegmentNorms();
        written.Segments.Add(norms.Segments);
        written.Squared.Add(norms.Squared);
        return written;
    }

    public static SegmentNorms ToProtocol(this Contract.SegmentNorms? norms)
    {
        Require(norms, "norms");
        if (norms.Segments.Count != norms.Squared.Count) throw Malformed($"{norms.Squared.Count} norms of {norms.Segments.Count} segments");
        return new SegmentNorms(norms.Segments.ToMemory(), norms.Squared.ToMemory());
    }

    public static Contract.NonFiniteSlice ToContract(this NonFiniteSlice slice)
        => new() { Slice = slice.Slice, Layer = slice.Layer, Samples = { slice.Samples } };

    public static NonFiniteSlice ToProtocol(this Contract.NonFiniteSlice slice) => new(slice.Slice, slice.Layer, [.. slice.Samples]);

    public static Contract.Encoding ToContract(this ParameterEncoding encoding) => encoding switch
    {
        ParameterEncoding.Bf16 => Contract.Encoding.Bfloat16,
        ParameterEncoding.F16 => Contract.Encoding.Float16,
        _ => Contract.Encoding.Float32,
    };

    public static DataPart ToProtocol(this Contract.DataPart part) => Known((DataPart)part);

    public static CaptureTarget ToProtocol(this Contract.CaptureTarget target) => Known((CaptureTarget)target);

    public static ReadOnlyMemory<T> ToMemory<T>(this RepeatedField<T> field)
    {
        var array = new T[field.Count];
        field.CopyTo(array, 0);
        return array;
    }

    public static void Add<T>(this RepeatedField<T> field, ReadOnlyMemory<T> values)
    {
        // An array's segment is copied at once.
        if (MemoryMarshal.TryGetArray(values, out ArraySegment<T> segment)) field.AddRange(segment);
        else field.AddRange(values.ToArray());
    }

    public static void Require([NotNull] object? part, string what)
    {
        if (part is null) throw Malformed($"nothing where {what} belongs");
    }

    public static RpcException Malformed(string what) => new(StatusCode.Internal, $"an envelope holds {what}");

    private static int[] Members(RepeatedField<int> members)
    {
        int[] numbers = [.. members];
        return numbers.Distinct().Count() == numbers.Length ? numbers : throw Malformed("a member twice");
    }

    private static T Known<T>(T value)
        where T : struct, Enum
        => Enum.IsDefined(value) ? value : throw Malformed($"{typeof(T).Name} {value}");
}
