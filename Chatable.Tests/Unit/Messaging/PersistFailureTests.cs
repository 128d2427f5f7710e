using System.Reflection;
using Chatable.Messaging.Messages;
using Npgsql;

namespace Chatable.Tests.Unit.Messaging;

/// <summary>What each PostgreSQL error means for the entries, listed by name.</summary>
public sealed class PersistFailureTests
{
    private enum Verdict
    {
        /// <summary>Repeat: it is temporary.</summary>
        Passes,

        /// <summary>Repeat, and alert an operator.</summary>
        Alarms,

        /// <summary>An entry can never be stored.</summary>
        Data,

        /// <summary>Repeat a few times, then reject the entry that fails alone.</summary>
        Unforeseen,
    }

    // The verdict of each class, for all its errors that are not listed below.
    private static readonly Dictionary<string, Verdict> s_classes = new()
    {
        ["00"] = Verdict.Alarms, // successful completion: no failure at all
        ["01"] = Verdict.Alarms, // warning
        ["02"] = Verdict.Alarms, // no data
        ["03"] = Verdict.Alarms, // SQL statement not yet complete
        ["08"] = Verdict.Passes, // connection
        ["09"] = Verdict.Alarms, // triggered action
        ["0A"] = Verdict.Alarms, // feature not supported
        ["0B"] = Verdict.Alarms, // invalid transaction initiation
        ["0F"] = Verdict.Alarms, // locator
        ["0L"] = Verdict.Alarms, // invalid grantor
        ["0P"] = Verdict.Alarms, // invalid role specification
        ["0Z"] = Verdict.Alarms, // diagnostics
        ["20"] = Verdict.Alarms, // case not found
        ["21"] = Verdict.Alarms, // cardinality violation
        ["22"] = Verdict.Alarms, // data: dates, numbers, JSON and XML no entry has; but see below
        ["23"] = Verdict.Alarms, // integrity constraint: columns and constraints that are not this build's; but see below
        ["24"] = Verdict.Alarms, // invalid cursor state
        ["25"] = Verdict.Passes, // invalid transaction state: read-only, ended while idle
        ["26"] = Verdict.Alarms, // invalid SQL statement name
        ["27"] = Verdict.Alarms, // triggered data change
        ["28"] = Verdict.Alarms, // invalid authorization
        ["2B"] = Verdict.Alarms, // dependent privileges
        ["2D"] = Verdict.Alarms, // invalid transaction termination
        ["2F"] = Verdict.Alarms, // SQL routine
        ["34"] = Verdict.Alarms, // invalid cursor name
        ["38"] = Verdict.Alarms, // external routine
        ["39"] = Verdict.Alarms, // external routine invocation
        ["3B"] = Verdict.Alarms, // savepoint
        ["3D"] = Verdict.Alarms, // invalid catalog name
        ["3F"] = Verdict.Alarms, // invalid schema name
        ["40"] = Verdict.Passes, // transaction rollback
        ["42"] = Verdict.Alarms, // syntax error or access rule violation
        ["44"] = Verdict.Alarms, // WITH CHECK OPTION
        ["53"] = Verdict.Passes, // insufficient resources; but a full disk alarms
        ["54"] = Verdict.Alarms, // program limit: the depth of a stack, the number of columns; but see below
        ["55"] = Verdict.Passes, // object not in prerequisite state: locks
        ["57"] = Verdict.Passes, // operator intervention
        ["58"] = Verdict.Alarms, // system error
        ["72"] = Verdict.Alarms, // snapshot too old
        ["F0"] = Verdict.Alarms, // configuration file
        ["HV"] = Verdict.Alarms, // foreign data
        ["P0"] = Verdict.Alarms, // PL/pgSQL; but see below
        ["XX"] = Verdict.Alarms, // internal error, damaged data, damaged index
    };

    private static readonly Dictionary<string, Verdict> s_codes = new()
    {
        ["22001"] = Verdict.Data, // string data, right truncation
        ["22003"] = Verdict.Data, // numeric value out of range
        ["22021"] = Verdict.Data, // character not in repertoire
        ["22P05"] = Verdict.Data, // untranslatable character
        ["23503"] = Verdict.Data, // foreign key
        ["23505"] = Verdict.Unforeseen, // unique
        ["23514"] = Verdict.Data, // check
        ["53100"] = Verdict.Alarms, // disk full
        ["54000"] = Verdict.Data, // program limit exceeded
        ["P0001"] = Verdict.Unforeseen, // raised by a trigger
    };

    [Fact]
    public void EachOfPostgresFailuresIsDecided()
    {
        var all = typeof(PostgresErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetValue(null)!).Distinct().ToArray();

        Assert.True(all.Length > 200);
        Assert.Empty(all.Select(code => code[..2]).Distinct().Except(s_classes.Keys));
        Assert.All(all, code => Assert.Equal((code, s_codes.GetValueOrDefault(code, s_classes[code[..2]])), (code, VerdictOf(code))));
        Assert.All(s_codes.Keys, code => Assert.Contains(code, all));
    }

    [Theory]
    [InlineData("ZZ001")]
    [InlineData("99999")]
    [InlineData("")]
    public void WhatIsNotKnownBlamesNoEntryAndAlarms(string code) => Assert.Equal(Verdict.Alarms, VerdictOf(code));

    [Fact]
    public void OnlyPostgresItselfAlarms() => Assert.False(PersistFailures.IsAlarming(new NpgsqlException("The connection broke.")));

    private static Verdict VerdictOf(string code)
    {
        var failure = new PostgresException("", "ERROR", "ERROR", code);
        return (PersistFailures.Classify(failure), PersistFailures.IsAlarming(failure)) switch
        {
            (PersistFailure.Transient, false) => Verdict.Passes,
            (PersistFailure.Transient, true) => Verdict.Alarms,
            (PersistFailure.Data, false) => Verdict.Data,
            (PersistFailure.Unforeseen, false) => Verdict.Unforeseen,
            _ => throw new InvalidOperationException($"{code} blames an entry and alarms."),
        };
    }
}
